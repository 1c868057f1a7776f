/**
 * A tenant's reference photographs, of good parts and of defective ones. Each belongs to a product, which has no good
 * photograph twice, and no defective one twice with the same defect and mask.
 */
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, inArray, isNotNull, isNull, lte, sql } from '../storage/drizzle.js';
import { ServiceError, quote } from '../errors.js';
import { isId, newId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { ArtifactRow, ReferenceRow } from '../storage/tables.js';
import { references } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { findOrInsert } from './findOrInsert.js';

/** Ids rise with time. */
export const REFERENCE_ORDERS: ListOrders<ReferenceRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: references.id, kind: 'id', of: ({ id }) => id }] },
};

export type NewReference = Pick<
  ReferenceRow,
  'productId' | 'name' | 'hash' | 'pixelHash' | 'width' | 'height' | 'defectId' | 'maskId'
>;

export type ReferenceState = 'GOOD' | 'DEFECTIVE';

export interface ReferenceConditions {
  readonly includeArchived: boolean;
  /** Undefined selects both. */
  readonly state?: ReferenceState | undefined;
}

export interface References {
  /** Includes archived references, because samples that were drawn on them still point to them. */
  byId(id: string): Promise<ReferenceRow | undefined>;
  byIds(ids: readonly string[]): Promise<readonly ReferenceRow[]>;
  /** Throws NOT_FOUND, also for the reference of another tenant. `field` is the field that the message names. */
  require(id: string, field?: string): Promise<ReferenceRow>;
  /** Photographs of good parts that are not archived, the oldest first. */
  goodOfProduct(productId: string): Promise<readonly ReferenceRow[]>;
  /** Photographs with the defect that are not archived, the oldest first. */
  defectiveOfPair(productId: string, defectId: string): Promise<readonly ReferenceRow[]>;
  /** All photographs with a defect that are not archived, the oldest first. */
  defective(): Promise<readonly ReferenceRow[]>;
  /** The same page for each of many products, in one statement. */
  pagesOfProducts(
    productIds: readonly string[],
    request: PageRequest,
    conditions: ReferenceConditions,
  ): Promise<ReadonlyMap<string, Page<ReferenceRow>>>;
  /** Null for more than can be counted at once. */
  countOfProduct(productId: string, conditions: ReferenceConditions): Promise<number | null>;
  withHash(productId: string, hash: string): Promise<ReferenceRow | undefined>;
  /** A reference that is already archived is unchanged. */
  archive(id: string): Promise<ReferenceRow>;
  /** Returns the product's photograph with these pixels, restored if it was archived, or creates one with this file. */
  findOrCreate(photograph: NewReference, file: Omit<ArtifactRow, 'tenantId'> | undefined): Promise<ReferenceRow>;
}

export function referencesOf(scope: TenantScope): References {
  const { database, rows, own } = scope;
  const select = () => database.select().from(references);

  async function byIds(ids: readonly string[]): Promise<readonly ReferenceRow[]> {
    const valid = ids.filter(isId);
    return valid.length === 0 ? [] : select().where(rows(references, inArray(references.id, valid)));
  }

  async function require(id: string, field = 'id'): Promise<ReferenceRow> {
    const [row] = await byIds([id]);
    if (row === undefined)
      throw new ServiceError('NOT_FOUND', `${field}: there is no reference ${quote(id)}`, { field });
    return row;
  }

  const list = async (...conditions: SQL[]): Promise<readonly ReferenceRow[]> =>
    select()
      .where(rows(references, isNull(references.archivedAt), ...conditions))
      .orderBy(asc(references.id));

  const same = (productId: string, hash: string) =>
    rows(references, eq(references.productId, productId), eq(references.hash, hash));

  return {
    byIds,
    require,
    byId: async (id) => (await byIds([id])).at(0),

    goodOfProduct: (productId) => list(eq(references.productId, productId), isNull(references.defectId)),
    defectiveOfPair: (productId, defectId) =>
      list(eq(references.productId, productId), eq(references.defectId, defectId)),
    defective: () => list(isNotNull(references.defectId)),

    async pagesOfProducts(productIds, request, conditions) {
      const { within, orderBy } = keyset(REFERENCE_ORDERS, request);
      const rank = sql<number>`row_number() over (partition by ${references.productId} order by ${sql.join(orderBy, sql`, `)})`;
      const ranked = database
        .select({ id: references.id, rank: rank.as('rank') })
        .from(references)
        .where(rows(references, inArray(references.productId, [...productIds]), within, ...matching(conditions)))
        .as('ranked');
      const found = await database
        .select({ reference: references })
        .from(references)
        .innerJoin(ranked, eq(ranked.id, references.id))
        .where(rows(references, lte(ranked.rank, request.size + 1)))
        .orderBy(...orderBy);
      const groups = Map.groupBy(
        found.map(({ reference }) => reference),
        ({ productId }) => productId,
      );
      return new Map(productIds.map((id) => [id, page(groups.get(id) ?? [], request)]));
    },

    countOfProduct: (productId, conditions) =>
      boundedCount(
        database,
        references,
        rows(references, eq(references.productId, productId), ...matching(conditions)),
      ),

    withHash: async (productId, hash) => (await select().where(same(productId, hash))).at(0),

    async archive(id) {
      await require(id);
      await database
        .update(references)
        .set({ archivedAt: new Date() })
        .where(rows(references, and(eq(references.id, id), isNull(references.archivedAt))));
      return require(id);
    },

    findOrCreate: (photograph, file) =>
      findOrInsert(scope, file, {
        find: async () => {
          const known = same(photograph.productId, photograph.hash);
          const set = { archivedAt: null, pixelHash: photograph.pixelHash };
          return (await database.update(references).set(set).where(known).returning()).at(0);
        },
        insert: async (artifactKey, createdAt) => {
          const row = own({ ...photograph, id: newId(), artifactKey, createdAt, archivedAt: null });
          return (await database.insert(references).values(row).onConflictDoNothing().returning()).at(0);
        },
      }),
  };
}

function matching({ includeArchived, state }: ReferenceConditions) {
  return [
    includeArchived ? undefined : isNull(references.archivedAt),
    state === undefined ? undefined : hasState(state),
  ];
}

function hasState(state: ReferenceState): SQL {
  return state === 'GOOD' ? isNull(references.defectId) : isNotNull(references.defectId);
}
