/**
 * The queue when it is deep: a claim, an admission, a page of the open generations and the figures of the queue, while 100,
 * 10 000 and 100 000 generations wait. The ratio is against the shallowest.
 *
 *   npm run bench:queue            (DEPTHS=100,10000,100000, ROUNDS=20, ADMIN_URL=postgres://… for PostgreSQL as well)
 */
import { writeFileSync, mkdirSync } from 'node:fs';
import type * as Queue from '../src/generations/worker/claimGeneration.js';
import type * as Admission from '../src/generations/admission/admitGenerations.js';
import type * as Generations from '../src/generations/generationRepository.js';
import type * as QueueCapacity from '../src/generations/admission/queueCapacity.js';
import type * as Quotas from '../src/tenants/quotas.js';
import type * as ModelRegistry from '../src/catalog/modelRegistry.js';
import type * as Pagination from '../src/storage/pagination.js';
import type * as Scope from '../src/storage/tenantScope.js';
import type * as Provisioning from '../src/tenants/provisioning.js';
import type * as Inference from '../src/inference/index.js';
import type { Log } from '../src/log.js';
import type { Storage } from '../src/storage/database.js';
import { importBuilt } from './importBuilt.ts';
import type { BenchDatabase } from './benchDatabases.ts';
import { eachDatabase, rawClient } from './benchDatabases.ts';
import { catalogRows, queuedGenerations } from './seedRows.ts';
import { saveResults } from './saveResults.ts';
import type { Spread } from './statistics.ts';
import { quantile, spread, formatSpread } from './statistics.ts';

const { claimGeneration: claim } = await importBuilt<typeof Queue>('generations/worker/claimGeneration.js');
const { admitGenerations: admit } = await importBuilt<typeof Admission>('generations/admission/admitGenerations.js');
const { GENERATION_ORDERS, generationsOf } = await importBuilt<typeof Generations>(
  'generations/generationRepository.js',
);
const { pageRequest } = await importBuilt<typeof Pagination>('storage/pagination.js');
const { readQueueLoad: readQueue } = await importBuilt<typeof QueueCapacity>('generations/admission/queueCapacity.js');
const { usageOf } = await importBuilt<typeof Quotas>('tenants/quotas.js');
const { createModelRegistry } = await importBuilt<typeof ModelRegistry>('catalog/modelRegistry.js');
const { forTenant } = await importBuilt<typeof Scope>('storage/tenantScope.js');
const { ensureTenant } = await importBuilt<typeof Provisioning>('tenants/provisioning.js');
const { loadBundles } = await importBuilt<typeof Inference>('inference/index.js');

const DEPTHS = (process.env['DEPTHS'] ?? '100,10000,100000').split(',').map(Number);
const ROUNDS = Number(process.env['ROUNDS'] ?? 20);

const bundles = await loadBundles('models');
const models = createModelRegistry(bundles, undefined);
const none = {
  concurrentGenerations: null,
  pixelStepsPerDay: null,
  storedBytes: null,
  requestsPerMinute: null,
  retentionDays: null,
  trainingMinutesPerDay: null,
};
const limits = {
  samplesPerGeneration: 1000,
  generationsPerRequest: 100,
  queuedSamples: 10_000_000,
  samplesPerExport: 10_000,
  photographBytesPerExport: 1,
  maximumUploadBytes: 1,
  maximumModelBytes: 1,
  modelsPerTenant: 20,
  dataSetsPerTenant: 100,
  membersPerDataSet: 5000,
  trainingMinutes: 240,
  maximumArchiveBytes: 1,
  photographsPerArchive: 1,
  catalogItems: 1,
  tenant: none,
};
const log = { info: () => undefined } as unknown as Log;
const rules = { models, limits, canGenerate: () => Promise.resolve(true), log };
const holder = { owner: 'bench', leaseSeconds: 600 };

interface Figures {
  readonly depth: number;
  /** Milliseconds. */
  readonly took: Record<string, Spread & { readonly p99: number }>;
}

async function measure(storage: Storage, depth: number): Promise<Figures> {
  const { database } = storage;
  const scope = forTenant(database, await ensureTenant(database, 'default'));
  const works: Record<string, () => Promise<unknown>> = {
    claim: () => claim(database, holder, [], { bundles: bundles.map(({ id }) => id) }),
    'admission of one': () => admit(scope, rules, [{ partNumber: 'P0', defectCode: 'D0' }]),
    'place and estimate': () => scope.acrossTenants(() => readQueue(database)),
    'usage of a tenant': () => usageOf(scope),
    'page of 20': () => generationsOf(scope).page(pageRequest({}, GENERATION_ORDERS), {}),
    'page of 20 that wait': () =>
      generationsOf(scope).page(pageRequest({}, GENERATION_ORDERS), { statuses: ['QUEUED'] }),
    'count up to 10,000': () => generationsOf(scope).count({}),
  };
  const took: Figures['took'] = {};
  for (const [name, work] of Object.entries(works)) {
    const times: number[] = [];
    for (let round = -2; round < ROUNDS; round++) {
      const began = performance.now();
      const found = await work();
      if (round >= 0) times.push(performance.now() - began);
      if (name === 'claim' && found === undefined) throw new Error('nothing was claimed');
    }
    took[name] = { ...spread(times), p99: quantile(times, 0.99) };
  }
  return { depth, took };
}

const results: Record<string, readonly Figures[]> = {};

async function run(place: BenchDatabase): Promise<void> {
  const first = await place.open();
  await ensureTenant(first.database, 'default');
  await first.close();
  await place.load(catalogRows(1, 1));
  const figures: Figures[] = [];
  const plans: string[] = [];
  let depth = 0;
  for (const next of DEPTHS) {
    await place.load(queuedGenerations(depth, next));
    await place.settle();
    depth = next;
    const statements = new Map<string, unknown[]>();
    const storage = await place.open((statement, parameters = []) => void statements.set(statement, parameters));
    figures.push(await measure(storage, depth));
    if (next === DEPTHS.at(-1)) plans.push(...(await plansOf(storage, statements)));
    await storage.close();
  }
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(`bench/results/queue-plans-${place.name}.txt`, plans.join('\n\n'));
  results[place.name] = figures;
  printFigures(place.name, figures);
}

/** The plans of the statements that read the queue. */
async function plansOf({ database }: Storage, statements: ReadonlyMap<string, unknown[]>): Promise<string[]> {
  const plans: string[] = [];
  for (const [statement, parameters] of statements) {
    if (!/from\s+"?generation"?\b/.test(statement)) continue;
    const { rows } = await rawClient(database).query(`explain (analyze, buffers) ${statement}`, parameters);
    plans.push([statement, ...rows.map((row) => String(row['QUERY PLAN']))].join('\n'));
  }
  return plans;
}

function printFigures(name: string, figures: readonly Figures[]): void {
  const [shallow] = figures;
  console.log(`${name}, milliseconds, median (least … most), and against a depth of ${String(shallow?.depth)}`);
  for (const { depth, took } of figures)
    for (const [what, times] of Object.entries(took))
      console.log(
        `  ${String(depth).padStart(6)} wait: ${what.padEnd(22)} ${formatSpread(times)}, ${(times.median / (shallow?.took[what]?.median ?? NaN)).toFixed(1)} ×`,
      );
}

await eachDatabase(run);
const deepest = String(DEPTHS.at(-1));
saveResults(
  'queue',
  { milliseconds: results },
  Object.fromEntries(
    Object.entries(results).map(([name, figures]) => [
      `${name}, ${deepest} wait against ${String(DEPTHS[0])}`,
      Object.entries(figures.at(-1)?.took ?? {})
        .map(([what, { median }]) => `${what} ${(median / (figures[0]?.took[what]?.median ?? NaN)).toFixed(1)} ×`)
        .join(', '),
    ]),
  ),
);
