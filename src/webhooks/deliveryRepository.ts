/** The deliveries of a tenant's webhooks, as the tenant sees them. */
import { eq, inArray, lte, sql } from '../storage/drizzle.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { notify } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { WebhookDeliveryRow } from '../storage/tables.js';
import { webhookDeliveries, webhooks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { WEBHOOK_CHANNEL } from './deliverEvent.js';

/** Ids rise with time. */
export const DELIVERY_ORDERS: ListOrders<WebhookDeliveryRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: webhookDeliveries.id, kind: 'id', of: ({ id }) => id }] },
};

export interface Deliveries {
  /** The same page of each of many webhooks, in one statement. */
  pagesOfWebhooks(
    webhookIds: readonly string[],
    request: PageRequest,
  ): Promise<ReadonlyMap<string, Page<WebhookDeliveryRow>>>;
  /** Null for more than can be counted at once. */
  countOfWebhook(webhookId: string): Promise<number | null>;
  byId(id: string): Promise<WebhookDeliveryRow | undefined>;
  /** Sends the delivery again now, whatever its status. It keeps its id, so that the receiver recognizes it. */
  redeliver(id: string): Promise<WebhookDeliveryRow>;
}

export function deliveriesOf(scope: TenantScope): Deliveries {
  const { database, rows } = scope;
  return {
    byId: async (id) => {
      const found = database
        .select()
        .from(webhookDeliveries)
        .where(rows(webhookDeliveries, inArray(webhookDeliveries.id, isId(id) ? [id] : [])));
      return (await found).at(0);
    },
    async pagesOfWebhooks(webhookIds, request) {
      const { within, orderBy } = keyset(DELIVERY_ORDERS, request);
      const rank = sql<number>`row_number() over (partition by ${webhookDeliveries.webhookId} order by ${sql.join(orderBy, sql`, `)})`;
      const ranked = database
        .select({ id: webhookDeliveries.id, rank: rank.as('rank') })
        .from(webhookDeliveries)
        .where(rows(webhookDeliveries, inArray(webhookDeliveries.webhookId, [...webhookIds]), within))
        .as('ranked');
      const found = await database
        .select({ delivery: webhookDeliveries })
        .from(webhookDeliveries)
        .innerJoin(ranked, eq(ranked.id, webhookDeliveries.id))
        .where(rows(webhookDeliveries, lte(ranked.rank, request.size + 1)))
        .orderBy(...orderBy);
      const groups = Map.groupBy(
        found.map(({ delivery }) => delivery),
        ({ webhookId }) => webhookId,
      );
      return new Map(webhookIds.map((id) => [id, page(groups.get(id) ?? [], request)]));
    },

    countOfWebhook: (webhookId) =>
      boundedCount(database, webhookDeliveries, rows(webhookDeliveries, eq(webhookDeliveries.webhookId, webhookId))),

    redeliver: (id) =>
      scope.transaction(async (tx) => {
        const [known] = await tx.database
          .select({ enabled: webhooks.enabled })
          .from(webhookDeliveries)
          .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
          .where(tx.rows(webhookDeliveries, inArray(webhookDeliveries.id, isId(id) ? [id] : [])));
        if (known?.enabled === false)
          throw badInput('deliveryId', `the webhook of ${quote(id)} is disabled; enable it first`);
        const again = { status: 'PENDING', nextAttemptAt: new Date(), finishedAt: null } as const;
        // A delivery that is in flight continues. An expired lease does not count.
        const [row] = await tx.database
          .update(webhookDeliveries)
          .set({
            ...again,
            attempts: sql`case when ${webhookDeliveries.status} = 'PENDING' then ${webhookDeliveries.attempts} else 0 end`,
          })
          .where(tx.rows(webhookDeliveries, inArray(webhookDeliveries.id, isId(id) ? [id] : [])))
          .returning();
        if (row === undefined)
          throw new ServiceError('NOT_FOUND', `deliveryId: there is no delivery ${quote(id)}`, { field: 'deliveryId' });
        await notify(tx.database, WEBHOOK_CHANNEL, '');
        return row;
      }),
  };
}
