/** A tenant's samples and the artifacts they point to. */
import { and, asc, desc, eq, gt, gte, inArray, lt, lte, or, sql } from '../../storage/drizzle.js';
import { defectIdSubquery, productIdSubquery } from '../../catalog/idSubqueries.js';
import type { Page, PageRequest } from '../../storage/pagination.js';
import { page } from '../../storage/pagination.js';
import { lowestIdAt, isId } from '../../storage/identifiers.js';
import type { ArtifactRow, NewSampleRow, ReviewState, SampleRow } from '../../storage/tables.js';
import { artifacts, samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';

interface OptionalRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export interface SampleConditions {
  readonly generationId?: string | undefined;
  readonly partNumber?: string | undefined;
  readonly defectCode?: string | undefined;
  readonly strength?: OptionalRange | undefined;
  readonly areaFraction?: OptionalRange | undefined;
  readonly confidence?: OptionalRange | undefined;
  readonly visibility?: OptionalRange | undefined;
  readonly agreement?: OptionalRange | undefined;
  readonly seam?: OptionalRange | undefined;
  readonly direction?: OptionalRange | undefined;
  readonly referenceId?: string | undefined;
  readonly defectReferenceId?: string | undefined;
  readonly reviewStates?: readonly ReviewState[] | undefined;
  readonly reviewTag?: string | undefined;
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

/** The rows that have a list of samples. */
export type Parent = 'generation' | 'product';

export interface Samples {
  byId(ids: readonly string[]): Promise<readonly SampleRow[]>;
  /** The newest generation first; within a generation, by index. */
  page(request: PageRequest, conditions: SampleConditions): Promise<Page<SampleRow>>;
  /** The same page under each of many parents, in one statement. */
  pagesUnder(
    parent: Parent,
    ids: readonly string[],
    request: PageRequest,
    conditions: SampleConditions,
  ): Promise<ReadonlyMap<string, Page<SampleRow>>>;
  indexesOf(generationId: string): Promise<ReadonlySet<number>>;
  artifacts(keys: readonly string[]): Promise<readonly ArtifactRow[]>;
  insert(rows: readonly NewSampleRow[]): Promise<void>;
}

export function samplesOf(scope: TenantScope): Samples {
  const { tenantId, database, rows, own } = scope;
  return {
    byId: async (ids) =>
      database
        .select()
        .from(samples)
        .where(rows(samples, inArray(samples.id, ids.filter(isId)))),

    async page(request, conditions) {
      if (!canMatch(conditions)) return page([], request);
      const found = await database
        .select()
        .from(samples)
        .where(rows(samples, afterCursor(request), ...matchingSamples(scope, conditions)))
        .orderBy(desc(samples.generationId), asc(samples.index))
        .limit(request.first + 1);
      return page(found, request);
    },

    async pagesUnder(parent, ids, request, conditions) {
      if (!canMatch(conditions)) return new Map();
      const column = parent === 'generation' ? samples.generationId : samples.productId;
      const rank = sql<number>`row_number() over (partition by ${column} order by ${samples.generationId} desc, ${samples.index})`;
      const ranked = database
        .select({ id: samples.id, rank: rank.as('rank') })
        .from(samples)
        .where(rows(samples, inArray(column, [...ids]), afterCursor(request), ...matchingSamples(scope, conditions)))
        .as('ranked');
      const found = await database
        .select({ sample: samples })
        .from(samples)
        .innerJoin(ranked, eq(ranked.id, samples.id))
        .where(rows(samples, lte(ranked.rank, request.first + 1)))
        .orderBy(desc(samples.generationId), asc(samples.index));
      const groups = Map.groupBy(found, ({ sample }) =>
        parent === 'generation' ? sample.generationId : sample.productId,
      );
      return new Map(
        ids.map((id) => [
          id,
          page(
            (groups.get(id) ?? []).map(({ sample }) => sample),
            request,
          ),
        ]),
      );
    },

    async indexesOf(generationId) {
      const found = await database
        .select({ index: samples.index })
        .from(samples)
        .where(rows(samples, eq(samples.generationId, generationId)));
      return new Set(found.map((row) => row.index));
    },

    artifacts: async (keys) =>
      database
        .select()
        .from(artifacts)
        .where(and(eq(artifacts.tenantId, tenantId), inArray(artifacts.key, [...keys]))),

    async insert(added) {
      await database.insert(samples).values(added.map(own));
    },
  };
}

/**
 * The rows after the cursor: those of the same generation with a higher index, and those of older generations. The first condition
 * follows from the second. Without it PostgreSQL would scan an index from its start, because a scan cannot start at an `or`.
 */
function afterCursor({ after }: PageRequest) {
  if (after === undefined) return undefined;
  const [generation, index] = after as readonly [string, number];
  return and(lte(samples.generationId, generation), or(lt(samples.generationId, generation), gt(samples.index, index)));
}

/** The bound of the clock skew between two machines. */
const MAX_CLOCK_SKEW_MS = 86_400_000;

/** A sample is younger than its generation, whose id contains its time. This tells where a scan of an index by id can start. */
function generationsBefore(time: Date | undefined) {
  return time === undefined
    ? undefined
    : lt(samples.generationId, lowestIdAt(new Date(time.getTime() + MAX_CLOCK_SKEW_MS)));
}

/** False when an id is malformed: it matches nothing, and PostgreSQL would raise an error. */
export function canMatch({ generationId, referenceId, defectReferenceId }: SampleConditions): boolean {
  return [generationId, referenceId, defectReferenceId].every((id) => id === undefined || isId(id));
}

/** The conditions on `sample`, all of which must hold. */
export function matchingSamples(scope: TenantScope, conditions: SampleConditions) {
  const { generationId, partNumber, defectCode, referenceId, defectReferenceId } = conditions;
  const { createdAfter, createdBefore, reviewStates, reviewTag } = conditions;
  const numbers = ['strength', 'areaFraction', 'confidence', 'visibility', 'agreement', 'seam', 'direction'] as const;
  return [
    generationId === undefined ? undefined : eq(samples.generationId, generationId),
    partNumber === undefined ? undefined : eq(samples.productId, productIdSubquery(scope, partNumber)),
    defectCode === undefined ? undefined : eq(samples.defectId, defectIdSubquery(scope, defectCode)),
    referenceId === undefined ? undefined : eq(samples.referenceId, referenceId),
    defectReferenceId === undefined ? undefined : eq(samples.defectReferenceId, defectReferenceId),
    reviewStates === undefined ? undefined : inArray(samples.reviewState, [...reviewStates]),
    reviewTag === undefined ? undefined : sql`${samples.reviewTags} @> ${JSON.stringify([reviewTag])}::jsonb`,
    ...numbers.flatMap((name) => {
      const { min, max } = conditions[name] ?? {};
      return [
        min === undefined ? undefined : gte(samples[name], min),
        max === undefined ? undefined : lte(samples[name], max),
      ];
    }),
    createdAfter === undefined ? undefined : gte(samples.createdAt, createdAfter),
    createdBefore === undefined ? undefined : lt(samples.createdAt, createdBefore),
    generationsBefore(createdBefore),
  ];
}
