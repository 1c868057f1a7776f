/**
 * What does a tenant with a thousand queued samples cost another one? Draws the other's few samples on an idle service and
 * again while the thousand are drawn, and prints the ratio of the times, and what first come, first served would cost.
 *
 *   npm run bench:fairness            (the default model; QUEUED=1000, COUNT=4, ROUNDS=3)
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const QUEUED = Number(process.env['QUEUED'] ?? 1000);
const COUNT = Number(process.env['COUNT'] ?? 4);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const LONG = 'the-key-of-the-long-one';
const WISH = { partNumber: 'STEEL_STRIP', defectCode: 'PATCH' };

const dataDirectory = mkdtempSync(join(tmpdir(), 'defectdiffu-bench-'));
const env = { ...process.env, PORT: '0', DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: LONG };
const printed = execFileSync(process.execPath, ['dist/tenantsCli/main.js', 'create', 'short', '--admin-key'], { env });
const SHORT = /dd_\S{32}/.exec(printed.toString())?.[0] ?? '';
const server = spawn(process.execPath, ['dist/main.js'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise<string>((resolve) => {
  let output = '';
  server.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const found = /DefectDiffu serves (\S+)/.exec(output)?.[1];
    if (found !== undefined) resolve(found);
  });
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function ask(key: string, query: string, variables: object = {}): Promise<any> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const { data, errors } = (await response.json()) as any;
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

const GENERATE = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';

/** Seconds from the request to the last sample. */
async function drawFew(): Promise<number> {
  const began = performance.now();
  const { generateDefects } = await ask(SHORT, GENERATE, { input: [{ ...WISH, count: COUNT }] });
  for (;;) {
    const { generation } = await ask(SHORT, `{ generation(id: "${generateDefects[0].id}") { status } }`);
    if (generation.status === 'SUCCEEDED') return (performance.now() - began) / 1000;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const told = (values: readonly number[]): string =>
  `${median(values).toFixed(1)} s (${values.map((value) => value.toFixed(1)).join(', ')})`;

try {
  const products = [{ partNumber: 'STEEL_STRIP', name: 'steel strip' }];
  const defects = [{ code: 'PATCH', name: 'patch' }];
  await ask(SHORT, 'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { message } } }', {
    input: { products, defects },
  });
  await drawFew(); // the first draw of a process is slower than the rest
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round++) alone.push(await drawFew());
  const input = Array.from({ length: 10 }, () => ({ ...WISH, count: Math.ceil(QUEUED / 10) }));
  await ask(LONG, GENERATE, { input });
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const beside: number[] = [];
  for (let round = 0; round < ROUNDS; round++) beside.push(await drawFew());
  const inLine = (median(alone) / COUNT) * QUEUED;
  process.stdout.write(
    `${String(COUNT)} samples alone: ${told(alone)}\n` +
      `beside ${String(QUEUED)} queued samples of another tenant: ${told(beside)}, ${(median(beside) / median(alone)).toFixed(1)} × as long\n` +
      `behind them, first come, first served: ${inLine.toFixed(0)} s, ${(inLine / median(alone)).toFixed(0)} ×\n`,
  );
} finally {
  server.kill('SIGKILL');
  rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
}
