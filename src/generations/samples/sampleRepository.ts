/** A tenant's samples and the artifacts they point to. */
import { and, eq, inArray, lte, sql } from '../../storage/drizzle.js';
import { boundedCount, keyset } from '../../storage/keyset.js';
import type { Page, PageRequest } from '../../storage/pagination.js';
import { page } from '../../storage/pagination.js';
import { isId } from '../../storage/identifiers.js';
import type { ArtifactRow, NewSampleRow, SampleRow } from '../../storage/tables.js';
import { artifacts, samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { SampleConditions } from './sampleConditions.js';
import { canMatch, matchingSamples } from './sampleConditions.js';
import { SAMPLE_ORDERS, samplePage } from './sampleOrder.js';

/** The rows that have a list of samples. */
export type Parent = 'generation' | 'product';

export interface Samples {
  byId(ids: readonly string[]): Promise<readonly SampleRow[]>;
  page(request: PageRequest, conditions: SampleConditions): Promise<Page<SampleRow>>;
  /** Null for more than can be counted at once. */
  count(conditions: SampleConditions, under?: { readonly parent: Parent; readonly id: string }): Promise<number | null>;
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

const PARENT_COLUMNS = { generation: samples.generationId, product: samples.productId } as const;

export function samplesOf(scope: TenantScope): Samples {
  const { tenantId, database, rows, own } = scope;
  return {
    byId: async (ids) =>
      database
        .select()
        .from(samples)
        .where(rows(samples, inArray(samples.id, ids.filter(isId)))),

    page: async (request, conditions) =>
      canMatch(conditions) ? samplePage(scope, request, conditions) : page([], request),

    async count(conditions, under) {
      if (!canMatch(conditions)) return 0;
      const ofParent = under === undefined ? undefined : eq(PARENT_COLUMNS[under.parent], under.id);
      return boundedCount(database, samples, rows(samples, ofParent, ...matchingSamples(scope, conditions)));
    },

    async pagesUnder(parent, ids, request, conditions) {
      if (!canMatch(conditions)) return new Map();
      const column = PARENT_COLUMNS[parent];
      const { within, orderBy } = keyset(SAMPLE_ORDERS, request);
      const rank = sql<number>`row_number() over (partition by ${column} order by ${sql.join(orderBy, sql`, `)})`;
      const ranked = database
        .select({ id: samples.id, rank: rank.as('rank') })
        .from(samples)
        .where(rows(samples, inArray(column, [...ids]), within, ...matchingSamples(scope, conditions)))
        .as('ranked');
      const found = await database
        .select({ sample: samples })
        .from(samples)
        .innerJoin(ranked, eq(ranked.id, samples.id))
        .where(rows(samples, lte(ranked.rank, request.size + 1)))
        .orderBy(...orderBy);
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
