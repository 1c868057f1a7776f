/**
 * The queue of deliveries is their table. Only a few deliveries of one webhook are in flight at a time, so a receiver that does not
 * answer delays its own deliveries alone. Only a part of the attempts in flight belongs to one tenant, and the tenant with the fewest
 * goes next, so many such receivers delay their own tenant alone.
 */
import { and, eq, inArray, lt, sql } from '../storage/drizzle.js';
import { leaseOf, secondsFromNow } from '../queue/lease.js';
import type { Database } from '../storage/database.js';
import type { WebhookDeliveryRow, WebhookRow } from '../storage/tables.js';
import { webhookDeliveries, webhooks } from '../storage/tables.js';

/** Longer than the longest attempt, so that leases need no renewal. */
export const LEASE_SECONDS = 60;
export const MAX_IN_FLIGHT_PER_WEBHOOK = 2;
/** In all processes. A quarter of what one process does at a time. */
export const MAX_IN_FLIGHT_PER_TENANT = 16;
const DELETE_BATCH = 1000;

export const deliveryLease = leaseOf(webhookDeliveries, 'PENDING');

export interface ClaimedDelivery {
  readonly delivery: WebhookDeliveryRow;
  readonly webhook: WebhookRow;
}

/**
 * Claims the deliveries that are due: of each tenant, those that have waited longest first. A webhook from which another process is claiming is
 * skipped. The conditions are checked again when the row is written, because another process may have claimed it after this statement
 * began.
 */
export async function claimDeliveries(
  database: Database,
  owner: string,
  most: number,
): Promise<readonly ClaimedDelivery[]> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      with answering as materialized (
        select w.id, w.tenant_id from webhook w
        where w.enabled and (w.held_until is null or w.held_until <= now()) and exists (
          select 1 from webhook_delivery d where d.webhook_id = w.id and d.status = 'PENDING' and d.next_attempt_at <= now()
            and (d.lease_until is null or d.lease_until <= now()))
        for no key update of w skip locked
      ), due as (
        select due.id, answering.tenant_id, due.place, due.next_attempt_at from answering cross join lateral (
          select d.id, d.next_attempt_at, row_number() over (order by d.next_attempt_at, d.id) as place
          from webhook_delivery d
          where d.webhook_id = answering.id and d.status = 'PENDING' and d.next_attempt_at <= now()
            and (d.lease_until is null or d.lease_until <= now())
          order by d.next_attempt_at, d.id
          limit greatest(0, ${MAX_IN_FLIGHT_PER_WEBHOOK} - (
            select count(*) from webhook_delivery b
            where b.webhook_id = answering.id and b.status = 'PENDING' and b.lease_until > now()))
        ) due
      ), busy as (
        select tenant_id, count(*) as attempts from webhook_delivery
        where status = 'PENDING' and lease_until > now() group by tenant_id
      ), placed as (
        select due.*, coalesce(busy.attempts, 0) +
          row_number() over (partition by due.tenant_id order by due.place, due.next_attempt_at, due.id) as load
        from due left join busy using (tenant_id)
      ), next as (
        select id from placed where load <= ${MAX_IN_FLIGHT_PER_TENANT}
        order by load, next_attempt_at, id
        limit ${most}
      )
      update webhook_delivery d
      set attempts = d.attempts + 1, lease_owner = ${owner}, lease_until = ${secondsFromNow(LEASE_SECONDS)}
      from next where d.id = next.id
        and d.status = 'PENDING' and (d.lease_until is null or d.lease_until <= now())
      returning d.id
    `);
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    return tx
      .select({ delivery: webhookDeliveries, webhook: webhooks })
      .from(webhookDeliveries)
      .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
      .where(inArray(webhookDeliveries.id, ids));
  });
}

export type DeliveryOutcome = Pick<WebhookDeliveryRow, 'status' | 'lastStatusCode' | 'lastError' | 'nextAttemptAt'>;

/** Records how an attempt ended. @throws ClaimLostError when another worker has the delivery, or it was deleted. */
export async function recordAttempt(
  database: Database,
  owner: string,
  id: string,
  outcome: DeliveryOutcome,
  webhook: (Pick<WebhookRow, 'id' | 'url'> & { readonly changes: Partial<WebhookRow> }) | undefined,
): Promise<void> {
  await database.transaction(async (tx) => {
    const finishedAt = outcome.status === 'PENDING' ? null : new Date();
    await deliveryLease.update(tx, owner, id, { ...outcome, finishedAt, leaseOwner: null, leaseUntil: null });
    if (webhook === undefined) return;
    // What another URL answered is no reason to hold the one that the webhook has now.
    const { id: webhookId, url, changes } = webhook;
    await tx
      .update(webhooks)
      .set(changes)
      .where(and(eq(webhooks.id, webhookId), eq(webhooks.url, url)));
  });
}

/** Gives a claim back unharmed: the attempt that was aborted does not count. */
export async function releaseDelivery(database: Database, owner: string, id: string): Promise<void> {
  await deliveryLease.update(database, owner, id, deliveryLease.released());
}

/** Deletes the deliveries created before `before`, whatever their status, in batches. */
export async function deleteOldDeliveries(database: Database, before: Date): Promise<void> {
  for (let removed = DELETE_BATCH; removed === DELETE_BATCH;) {
    const old = database
      .select({ id: webhookDeliveries.id })
      .from(webhookDeliveries)
      .where(lt(webhookDeliveries.createdAt, before))
      .limit(DELETE_BATCH);
    const gone = await database
      .delete(webhookDeliveries)
      .where(inArray(webhookDeliveries.id, old))
      .returning({ id: webhookDeliveries.id });
    removed = gone.length;
  }
}
