/**
 * Queries of a large catalog of samples, through GraphQL, as an MES asks them: by filter and page. The times of each against
 * the same query of a small catalog, and the plans of the database, in bench/results/samples-plans-*.txt.
 *
 *   npm run bench:samples            (PGLITE_SAMPLES=100000, POSTGRES_SAMPLES=1000000, SMALL=2000, ROUNDS=40, ADMIN_URL=postgres://…)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type * as Quotas from '../src/tenants/quotas.js';
import type * as Conditions from '../src/generations/samples/sampleConditions.js';
import type * as Order from '../src/generations/samples/sampleOrder.js';
import type * as Samples from '../src/generations/samples/sampleRepository.js';
import type * as Pagination from '../src/storage/pagination.js';
import type * as Scope from '../src/storage/tenantScope.js';
import type * as Provisioning from '../src/tenants/provisioning.js';
import { importBuilt } from './importBuilt.ts';
import type { BenchDatabase } from './benchDatabases.ts';
import { eachDatabase, rawClient } from './benchDatabases.ts';
import { RARE, finishedSamples } from './seedRows.ts';
import { saveResults } from './saveResults.ts';
import type { Server } from './server.ts';
import { KEY, startServer } from './server.ts';
import { quantile } from './statistics.ts';

const { samplesOf } = await importBuilt<typeof Samples>('generations/samples/sampleRepository.js');
const { usageOf } = await importBuilt<typeof Quotas>('tenants/quotas.js');
const { pageRequest } = await importBuilt<typeof Pagination>('storage/pagination.js');
const { SAMPLE_ORDERS } = await importBuilt<typeof Order>('generations/samples/sampleOrder.js');
const { forTenant } = await importBuilt<typeof Scope>('storage/tenantScope.js');
const { ensureTenant } = await importBuilt<typeof Provisioning>('tenants/provisioning.js');

const COUNTS = {
  PGlite: Number(process.env['PGLITE_SAMPLES'] ?? 100_000),
  PostgreSQL: Number(process.env['POSTGRES_SAMPLES'] ?? 1_000_000),
};
const SMALL = Number(process.env['SMALL'] ?? 2000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 40);
const DAY_MS = 86_400_000;
const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);

interface SampleQuery {
  readonly conditions: Conditions.SampleConditions;
  readonly order?: { readonly field: Order.SampleOrderField; readonly direction: 'ASC' | 'DESC' };
  /** The row before the page. */
  readonly after?: readonly [generation: string, index: number];
}

/** @param middle a generation half-way down the list. */
function queries(middle: string): Record<string, SampleQuery> {
  return {
    'first page': { conditions: {} },
    'a page half-way down': { conditions: {}, after: [middle, 7] },
    'of a product': { conditions: { partNumber: 'P3' } },
    'of a product, half-way down': { conditions: { partNumber: 'P3' }, after: [middle, 7] },
    'of a product with few': { conditions: { partNumber: RARE.partNumber } },
    'of a defect': { conditions: { defectCode: 'D2' } },
    'of a product and a defect': { conditions: { partNumber: 'P3', defectCode: 'D3' } },
    'of a product and a defect that never met': { conditions: { partNumber: 'P3', defectCode: RARE.defectCode } },
    'strength 2 … 2.5': { conditions: { strength: { min: 2, max: 2.5 } } },
    'strength that none has': { conditions: { strength: { min: 5 } } },
    'area above 20 %': { conditions: { areaFraction: { min: 0.2 } } },
    'area above 29.999 %': { conditions: { areaFraction: { min: 0.29999 } } },
    'area that none has': { conditions: { areaFraction: { min: 0.5 } } },
    'scores that none has': { conditions: { visibility: { min: 1 } } },
    'of the last hour': { conditions: { createdAfter: daysAgo(1 / 24) } },
    'of the last minute': { conditions: { createdAfter: daysAgo(1 / 1440) } },
    'before half a year': { conditions: { createdBefore: daysAgo(182) } },
    'of an hour half a year ago': { conditions: { createdAfter: daysAgo(182), createdBefore: daysAgo(182 - 1 / 24) } },
    'of a generation': { conditions: { generationId: middle } },
    'the largest areas': { conditions: {}, order: { field: 'AREA_FRACTION', direction: 'DESC' } },
    'the least strengths, many alike': { conditions: {}, order: { field: 'STRENGTH', direction: 'ASC' } },
    'the largest areas of a product': {
      conditions: { partNumber: 'P3' },
      order: { field: 'AREA_FRACTION', direction: 'DESC' },
    },
    'sorted by a score that none has': { conditions: {}, order: { field: 'SEAM', direction: 'DESC' } },
  };
}

const QUERY = `query ($after: String, $filter: SampleFilter, $order: SampleOrder) {
  samples(first: 20, after: $after, filter: $filter, orderBy: $order) {
    edges { node { id index seed strength areaFraction createdAt image { url } mask { url } } } pageInfo { hasNextPage endCursor }
  }
}`;

const STATISTICS: Readonly<Record<string, string>> = {
  'all counted': '{ samples: sampleStatistics { count complete } }',
  'all counted, with seven histograms': '{ samples: sampleStatistics { count histograms { counts } } }',
  'those of a product counted, with three histograms':
    '{ samples: sampleStatistics(filter: { partNumber: "P3" }) { count histograms(measures: [STRENGTH, AREA_FRACTION, CONFIDENCE]) { counts } } }',
};

const cursorOf = (key: SampleQuery['after']): string | undefined =>
  key && Buffer.from(JSON.stringify(key)).toString('base64url');

type Times = Record<string, { readonly found: number; readonly p50: number; readonly p99: number }>;

async function timesOf(server: Server, middle: string): Promise<Times> {
  const times: Record<string, { found: number; p50: number; p99: number }> = {};
  for (const [name, { conditions, after, order }] of Object.entries(queries(middle))) {
    const taken: number[] = [];
    let found = 0;
    for (let round = -2; round < ROUNDS; round++) {
      const began = performance.now();
      const { samples } = await server.ask(QUERY, {
        filter: conditions,
        order: order ?? null,
        after: cursorOf(after),
      });
      if (round >= 0) taken.push(performance.now() - began);
      found = samples.edges.length;
    }
    times[name] = { found, p50: quantile(taken, 0.5), p99: quantile(taken, 0.99) };
  }
  for (const [name, query] of Object.entries(STATISTICS)) {
    const taken: number[] = [];
    let found = 0;
    for (let round = -1; round < ROUNDS / 4; round++) {
      const began = performance.now();
      found = (await server.ask(query)).samples.count as number;
      if (round >= 0) taken.push(performance.now() - began);
    }
    times[name] = { found, p50: quantile(taken, 0.5), p99: quantile(taken, 0.99) };
  }
  return times;
}

/** Straight from the room, with the plan that the database made for each statement. */
async function plansOf(place: BenchDatabase, middle: string): Promise<string> {
  let last: readonly [string, unknown[]] = ['', []];
  const storage = await place.open((statement, parameters = []) => (last = [statement, parameters]));
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'default'));
  const explain = async (name: string): Promise<string> => {
    const [statement, parameters] = last;
    const { rows } = await rawClient(scope.database).query(`explain (analyze, buffers) ${statement}`, parameters);
    return [`== ${name}`, statement, ...rows.map((row) => String(row['QUERY PLAN']))].join('\n');
  };
  const plans: string[] = [];
  for (const [name, { conditions, after, order }] of Object.entries(queries(middle))) {
    await samplesOf(scope).page(pageRequest({ after: cursorOf(after) }, SAMPLE_ORDERS, order), conditions);
    plans.push(await explain(name));
  }
  await usageOf(scope);
  plans.push(await explain('usage of the tenant'));
  await storage.close();
  return plans.join('\n\n');
}

/** Fills the place, which is empty, and asks. */
async function measure(place: BenchDatabase, count: number): Promise<Times> {
  const storage = await place.open();
  await ensureTenant(storage.database, 'default');
  await storage.close();
  await place.load(finishedSamples(count));
  await place.settle();
  const middle = await middleOf(place);
  if (count !== SMALL) {
    mkdirSync('bench/results', { recursive: true });
    writeFileSync(`bench/results/samples-plans-${place.name}.txt`, await plansOf(place, middle));
  }
  const env = { ...place.env, DEFECTDIFFU_API_KEY: KEY };
  const server = await startServer({ env, dataDirectory: place.dataDirectory });
  try {
    return await timesOf(server, middle);
  } finally {
    await server.stop();
  }
}

async function middleOf(place: BenchDatabase): Promise<string> {
  const storage = await place.open();
  const { rows } = await rawClient(storage.database).query(
    'select id from generation order by id offset (select count(*) / 2 from generation) limit 1',
  );
  await storage.close();
  return String(rows[0]?.['id']);
}

const results: Record<string, { small: Times; large: Times }> = {};
await eachDatabase(async (place) => {
  results[place.name] = { small: await measure(place, SMALL), large: {} };
});
await eachDatabase(async (place) => {
  const large = await measure(place, COUNTS[place.name]);
  results[place.name] = { small: results[place.name]?.small ?? {}, large };
  console.log(
    `${place.name}, ${String(COUNTS[place.name])} samples: p50 and p99 in ms, and p50 against ${String(SMALL)} samples`,
  );
  for (const [name, { found, p50, p99 }] of Object.entries(large)) {
    const ratio = p50 / (results[place.name]?.small[name]?.p50 ?? NaN);
    console.log(
      `  ${name.padEnd(42)} ${p50.toFixed(1)}, ${p99.toFixed(1)}, ${ratio.toFixed(1)} ×  (${String(found)} found)`,
    );
  }
});
saveResults(
  'samples',
  { counts: COUNTS, rounds: ROUNDS, milliseconds: results },
  Object.fromEntries(
    Object.entries(results).map(([name, { large }]) => {
      const [slowest, times] = Object.entries(large).reduce((most, next) => (next[1].p99 > most[1].p99 ? next : most));
      return [
        `${name}, slowest query of samples`,
        `${slowest}: p50 ${times.p50.toFixed(0)}, p99 ${times.p99.toFixed(0)} ms`,
      ];
    }),
  ),
);
