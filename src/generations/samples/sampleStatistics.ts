/** Counts and histograms of the samples that match, made by the database. */
import type { SQL } from 'drizzle-orm';
import { sql } from '../../storage/drizzle.js';
import type { ReviewState } from '../../storage/tables.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { SampleConditions } from './sampleConditions.js';
import { canMatch, matchingSamples } from './sampleConditions.js';
import type { MeasureColumn, SampleMeasure } from './sampleMeasures.js';
import { SAMPLE_MEASURES } from './sampleMeasures.js';

/** More samples are not looked at, which bounds what one query costs. */
export const MAX_COUNTED_SAMPLES = 100_000;
/** A histogram takes about ten times as long as a count. */
const MAX_HISTOGRAM_SAMPLES = 20_000;
export const HISTOGRAM_BINS = { default: 20, min: 1, max: 100 } as const;

export interface SampleCounts {
  readonly count: number;
  /** False if there are more than were counted. */
  readonly complete: boolean;
  readonly reviews: Readonly<Record<ReviewState, number>>;
}

export interface SampleHistogram {
  readonly measure: SampleMeasure;
  /** The smallest and the largest value; null if no sample has one. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** In bins of equal width from the minimum to the maximum; empty if no sample has a value. */
  readonly counts: readonly number[];
  /** Samples without the number. */
  readonly missing: number;
}

export async function countSamples(
  scope: TenantScope,
  conditions: SampleConditions,
  limit = MAX_COUNTED_SAMPLES,
): Promise<SampleCounts> {
  const reviews = { UNREVIEWED: 0, ACCEPTED: 0, REJECTED: 0 };
  if (!canMatch(conditions)) return { count: 0, complete: true, reviews };
  const { rows } = await scope.database.execute<{ state: ReviewState; n: number }>(sql`
    with matched as (${matched(scope, conditions, ['reviewState'], limit + 1)})
    select review_state as state, count(*)::int as n from matched group by review_state
  `);
  for (const { state, n } of rows) reviews[state] = n;
  const count = rows.reduce((sum, { n }) => sum + n, 0);
  return { count: Math.min(count, limit), complete: count <= limit, reviews };
}

/** Samples of one measure in one bin, or without a value. */
interface Bin extends Record<string, unknown> {
  readonly measure: number;
  /** Of all samples; null if none has a value. */
  readonly low: number | null;
  readonly high: number | null;
  readonly bin: number | null;
  readonly n: number;
}

/** In the order of the measures. */
export async function sampleHistograms(
  scope: TenantScope,
  conditions: SampleConditions,
  measures: readonly SampleMeasure[],
  bins: number,
): Promise<readonly SampleHistogram[]> {
  const nothing = { minimum: null, maximum: null, counts: [], missing: 0 };
  if (measures.length === 0 || !canMatch(conditions)) return measures.map((measure) => ({ measure, ...nothing }));
  const columns = measures.map((measure) => SAMPLE_MEASURES[measure]);
  const column = (i: number) => sql.identifier(samples[columns[i] ?? 'strength'].name);
  const low = (i: number) => sql.identifier(`low_${String(i)}`);
  const high = (i: number) => sql.identifier(`high_${String(i)}`);
  const each = (part: (i: number) => SQL, separator: SQL) =>
    sql.join(
      measures.map((_, i) => part(i)),
      separator,
    );
  const bounds = each((i) => sql`min(${column(i)}) as ${low(i)}, max(${column(i)}) as ${high(i)}`, sql`, `);
  const bin = (i: number) => sql`case when ${column(i)} is null then null when ${high(i)} > ${low(i)}
    then least(floor((${column(i)} - ${low(i)}) / (${high(i)} - ${low(i)}) * ${bins}::int), ${bins - 1}::int)::int else 0 end`;
  const { rows } = await scope.database.execute<Bin>(
    sql`
    with matched as materialized (${matched(scope, conditions, columns, MAX_HISTOGRAM_SAMPLES)}),
      bound as materialized (select ${bounds} from matched)
    ${each(
      (i) => sql`select ${i}::int as measure, ${low(i)} as low, ${high(i)} as high, ${bin(i)} as bin, count(*)::int as n
        from matched, bound group by 2, 3, 4`,
      sql` union all `,
    )}
  `,
  );
  return measures.map((measure, i) => {
    const own = rows.filter((row) => row.measure === i);
    const { low: minimum = null, high: maximum = null } = own[0] ?? {};
    const counts = new Array<number>(minimum === null ? 0 : bins).fill(0);
    let missing = 0;
    for (const { bin, n } of own) {
      if (bin === null) missing = n;
      else counts[bin] = n;
    }
    return { measure, minimum, maximum, counts, missing };
  });
}

function matched(
  scope: TenantScope,
  conditions: SampleConditions,
  columns: readonly ('reviewState' | MeasureColumn)[],
  limit: number,
) {
  const selected = Object.fromEntries(columns.map((column) => [column, samples[column]]));
  return scope.database
    .select(selected)
    .from(samples)
    .where(scope.rows(samples, ...matchingSamples(scope, conditions)))
    .limit(limit)
    .getSQL();
}
