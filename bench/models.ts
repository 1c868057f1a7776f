/**
 * Models of tenants: how long an adapter takes to open, and a bundle; what 1, 10, and 100 open adapters add to the memory of the device's
 * process, and how fast eight samples of eight adapters are drawn in turn with eight samples of one.
 *
 *   npm run bench:models -- <folder of an adapter of the default bundle>      (ROUNDS=3 STEPS=10 MOST=100)
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import type * as Inference from '../src/inference/index.js';
import { drawnBundle } from './bundle.ts';
import { importBuilt } from './importBuilt.ts';
import { timeOwnBundle } from './ownBundle.ts';
import { saveResults } from './saveResults.ts';
import { formatSpread, ratios, spread } from './statistics.ts';

const { openEngine, parseAdapter } = await importBuilt<typeof Inference>('inference/index.js');

const setting = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
const [ROUNDS, STEPS, MOST] = [setting('ROUNDS', 3), setting('STEPS', 10), setting('MOST', 100)];
const AT_A_TIME = 8;
/** Linux reports processor time in these on every architecture. */
const TICKS_PER_SECOND = 100;

const directory = resolve(process.argv[2] ?? 'test/inference/adapters/ring/1.0.0');
const file = join(directory, 'adapter.json');
const engine = await openEngine({ modelsDirectory: 'models', maximumRows: 3 * AT_A_TIME, precision: 'fp32' });
const adapter = parseAdapter(readFileSync(file, 'utf8'), { file, directory, bundles: engine.bundles });
const [product = ''] = adapter.manifest.vocabulary.products;
const [defect = ''] = adapter.manifest.vocabulary.defects;
const idOf = (n: number): string => `model-${String(n)}@1.0.0`;

let drawn = 0;
const draw = (n: number, steps = STEPS): Promise<unknown> =>
  engine.generate({
    id: `sample ${String(++drawn)}`,
    bundle: idOf(n),
    product,
    defect,
    seed: drawn,
    strength: 1.5,
    productScale: 1,
    steps,
    sampler: 'DPM_SOLVER_PP',
    guidance: 'DOUBLE_FREE',
    maskMode: 'AVERAGE_FEATURES',
  });

/** Of the device's process, in MiB. */
function memory(): number {
  const status = readFileSync(`/proc/${String(engine.devices()[0]?.pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

const openingMs: number[] = [];
const memoryMiB: Record<number, number> = {};
for (let n = 0; n < MOST; n++) {
  const began = performance.now();
  await engine.openModel({ ...adapter, id: idOf(n) });
  openingMs.push(performance.now() - began);
  // The first sample runs the graph, which takes memory too.
  await draw(n, 2);
  if ([1, 10, 100].includes(n + 1)) memoryMiB[n + 1] = memory();
}

/** Of the device's process, in seconds. */
function processorTime(): number {
  const [, after = ''] = readFileSync(`/proc/${String(engine.devices()[0]?.pid)}/stat`, 'utf8').split(') ');
  const fields = after.split(' ').map(Number);
  return ((fields[11] ?? 0) + (fields[12] ?? 0)) / TICKS_PER_SECOND;
}

/** How many samples are drawn in a second, and in a second of processor time, which other work on the machine changes little. */
async function samplesPerSecond(modelOf: (i: number) => number): Promise<{ rate: number; perProcessor: number }> {
  const [began, processor] = [performance.now(), processorTime()];
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => draw(modelOf(i))));
  const seconds = (performance.now() - began) / 1000;
  return { rate: AT_A_TIME / seconds, perProcessor: AT_A_TIME / (processorTime() - processor) };
}

const rates = { one: [] as number[], eight: [] as number[] };
const perProcessor = { one: [] as number[], eight: [] as number[] };
// One round unmeasured. The two kinds take turns, so that what else the machine does falls on both.
for (let round = -1; round < ROUNDS; round++) {
  const one = await samplesPerSecond(() => 0);
  const eight = await samplesPerSecond((i) => i);
  if (round < 0) continue;
  rates.one.push(one.rate);
  rates.eight.push(eight.rate);
  perProcessor.one.push(one.perProcessor);
  perProcessor.eight.push(eight.perProcessor);
}
const bundleMs = await timeOwnBundle(engine, drawnBundle(engine), 2 * ROUNDS);
await engine.close();

const headlines = {
  graph: `${String(adapter.adapter.modulation.bytes)} bytes`,
  'until an adapter is open': `${formatSpread(spread(openingMs), 1)} ms`,
  'until a bundle is unpacked and open': `${formatSpread(spread(bundleMs), 0)} ms`,
  memory: Object.entries(memoryMiB)
    .map(([models, mib]) => `${models}: ${mib.toFixed(0)} MiB`)
    .join(', '),
  'eight samples of one model': `${formatSpread(spread(rates.one), 2)} a second`,
  'eight samples of eight models': `${formatSpread(spread(rates.eight), 2)} a second`,
  'eight over one': formatSpread(ratios(rates.eight, rates.one), 2),
  'eight over one, per processor time': formatSpread(ratios(perProcessor.eight, perProcessor.one), 2),
};
for (const [what, said] of Object.entries(headlines)) console.log(`${what}: ${said}`);
saveResults('models', { openingMs, bundleMs, memoryMiB, rates, perProcessor }, headlines);
