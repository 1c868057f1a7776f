/** A tenant's generations: look-ups, lists, and cancellation. */
import { and, eq, gte, inArray, lt, or, sql } from '../storage/drizzle.js';
import { defectIdSubquery, productIdSubquery } from '../catalog/idSubqueries.js';
import { ServiceError, quote } from '../errors.js';
import { notify } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { GenerationRow } from '../storage/tables.js';
import { generations } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { attemptsOf } from './attempts.js';
import { cancelSignal } from '../queue/signals.js';
import { GENERATION_CHANNEL, appendEvent } from './events/generationEvents.js';

/** Ids rise with time. */
export const GENERATION_ORDERS: ListOrders<GenerationRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: generations.id, kind: 'id', of: ({ id }) => id }] },
};

export interface GenerationConditions {
  readonly statuses?: readonly GenerationRow['status'][] | undefined;
  readonly partNumber?: string | undefined;
  readonly defectCode?: string | undefined;
  /** "name" (any version) or "name@version". */
  readonly model?: string | undefined;
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

export interface Generations {
  byId(ids: readonly string[]): Promise<readonly GenerationRow[]>;
  /** @throws ServiceError NOT_FOUND, also for another tenant's generation. */
  require(id: string): Promise<GenerationRow>;
  page(request: PageRequest, conditions: GenerationConditions): Promise<Page<GenerationRow>>;
  /** Null for more than can be counted at once. */
  count(conditions: GenerationConditions): Promise<number | null>;
  /** Cancels a queued or running generation at once. Finished generations are unchanged. */
  cancel(id: string): Promise<GenerationRow>;
}

export function generationsOf(scope: TenantScope): Generations {
  const { database, rows } = scope;

  async function byId(ids: readonly string[]): Promise<readonly GenerationRow[]> {
    const valid = ids.filter(isId);
    if (valid.length === 0) return [];
    return database
      .select()
      .from(generations)
      .where(rows(generations, inArray(generations.id, valid)));
  }

  async function require(id: string): Promise<GenerationRow> {
    const [row] = await byId([id]);
    if (row === undefined)
      throw new ServiceError('NOT_FOUND', `id: there is no generation ${quote(id)}`, { field: 'id' });
    return row;
  }

  return {
    byId,
    require,
    async page(request, conditions) {
      const { within, orderBy } = keyset(GENERATION_ORDERS, request);
      const found = await database
        .select()
        .from(generations)
        .where(rows(generations, within, ...matching(scope, conditions)))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },
    count: (conditions) => boundedCount(database, generations, rows(generations, ...matching(scope, conditions))),
    async cancel(id) {
      await require(id);
      await scope.transaction(async (tx) => {
        const [canceled] = await tx.database
          .update(generations)
          .set({ status: 'CANCELED', finishedAt: new Date(), leaseOwner: null, leaseUntil: null })
          .where(tx.rows(generations, and(eq(generations.id, id), inArray(generations.status, ['QUEUED', 'RUNNING']))))
          .returning({ id: generations.id });
        if (canceled === undefined) return;
        await attemptsOf(tx).end(id, 'CANCELED');
        await appendEvent(tx, id, { type: 'GenerationCanceled' });
        await notify(tx.database, GENERATION_CHANNEL, cancelSignal(id));
      });
      return require(id);
    },
  };
}

function matching(scope: TenantScope, conditions: GenerationConditions) {
  const { statuses, partNumber, defectCode, model, createdAfter, createdBefore } = conditions;
  const bundle = sql`${generations.settings} ->> 'bundle'`;
  return [
    statuses === undefined ? undefined : inArray(generations.status, [...statuses]),
    partNumber === undefined ? undefined : eq(generations.productId, productIdSubquery(scope, partNumber)),
    defectCode === undefined ? undefined : eq(generations.defectId, defectIdSubquery(scope, defectCode)),
    model === undefined ? undefined : or(eq(bundle, model), eq(sql`split_part(${bundle}, '@', 1)`, model)),
    createdAfter === undefined ? undefined : gte(generations.createdAt, createdAfter),
    createdBefore === undefined ? undefined : lt(generations.createdAt, createdBefore),
  ];
}
