/**
 * How much a tenant with a thousand queued samples delays another one. Draws the other's few samples on an idle service and
 * again while the thousand are drawn, and prints the ratio of the times, and what first come, first served would cost.
 *
 *   npm run bench:fairness            (the default model; QUEUED=1000, COUNT=4, ROUNDS=3)
 */
import { execFileSync } from 'node:child_process';
import { saveResults } from './saveResults.ts';
import { GENERATE, KEY as LONG, GENERATION_INPUT, newDataDirectory, startServer } from './server.ts';
import { median, spread, formatSpread } from './statistics.ts';

const QUEUED = Number(process.env['QUEUED'] ?? 1000);
const COUNT = Number(process.env['COUNT'] ?? 4);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);

const dataDirectory = newDataDirectory();
const env = { ...process.env, DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: LONG };
const printed = execFileSync(process.execPath, ['dist/tenantsCli/main.js', 'create', 'short', '--admin-key'], { env });
const SHORT = /dd_\S{32}/.exec(printed.toString())?.[0] ?? '';
const server = await startServer({ dataDirectory });

/** Seconds from the request to the last sample. */
async function drawFew(): Promise<number> {
  const began = performance.now();
  const { generateDefects } = await server.ask(GENERATE, { input: [{ ...GENERATION_INPUT, count: COUNT }] }, SHORT);
  for (;;) {
    const { generation } = await server.ask(`{ generation(id: "${generateDefects[0].id}") { status } }`, {}, SHORT);
    if (generation.status === 'SUCCEEDED') return (performance.now() - began) / 1000;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

try {
  const products = [{ partNumber: 'STEEL_STRIP', name: 'steel strip' }];
  const defects = [{ code: 'PATCH', name: 'patch' }];
  const importCatalog =
    'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { message } } }';
  await server.ask(importCatalog, { input: { products, defects } }, SHORT);
  await drawFew(); // the first draw of a process is slower than the rest
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round++) alone.push(await drawFew());
  const input = Array.from({ length: 10 }, () => ({ ...GENERATION_INPUT, count: Math.ceil(QUEUED / 10) }));
  await server.ask(GENERATE, { input }, LONG);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const beside: number[] = [];
  for (let round = 0; round < ROUNDS; round++) beside.push(await drawFew());
  const inLine = (median(alone) / COUNT) * QUEUED;
  process.stdout.write(
    `${String(COUNT)} samples alone: ${formatSpread(spread(alone))} s\n` +
      `beside ${String(QUEUED)} queued samples of another tenant: ${formatSpread(spread(beside))} s, ${(median(beside) / median(alone)).toFixed(1)} × as long\n` +
      `behind them, first come, first served: ${inLine.toFixed(0)} s, ${(inLine / median(alone)).toFixed(0)} ×\n`,
  );
  saveResults(
    'fairness',
    { queued: QUEUED, count: COUNT, alone, beside, inLine },
    {
      [`${String(COUNT)} samples beside ${String(QUEUED)} of another tenant`]: `${(median(beside) / median(alone)).toFixed(1)} × alone; first come, first served ${(inLine / median(alone)).toFixed(0)} ×`,
    },
  );
} finally {
  await server.stop();
}
