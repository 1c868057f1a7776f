/**
 * The queue is the table of deliveries, as that of generations is theirs: claimed with a lease, every write of a worker fenced
 * by it. Of one webhook only a few are under way at a time, so one that does not answer holds up its own alone.
 */
import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Database } from '../storage/database.js';
import type { WebhookDeliveryRow, WebhookRow } from '../storage/tables.js';
import { webhookDeliveries, webhooks } from '../storage/tables.js';

/** Well above the longest attempt. */
const LEASE_SECONDS = 60;
export const MAX_IN_FLIGHT_PER_WEBHOOK = 2;
const DELETE_BATCH = 1000;

export interface ClaimedDelivery {
  readonly delivery: WebhookDeliveryRow;
  readonly webhook: WebhookRow;
}

/**
 * What has waited longest of each webhook first. A webhook from which another process takes just now is passed over; what it has
 * taken a moment ago, which this statement may not have seen at first, is looked at again when it is to be written.
 */
export async function claimDeliveries(
  database: Database,
  owner: string,
  most: number,
): Promise<readonly ClaimedDelivery[]> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      with answering as materialized (
        select w.id from webhook w
        where w.enabled and (w.held_until is null or w.held_until <= now()) and exists (
          select 1 from webhook_delivery d where d.webhook_id = w.id and d.status = 'PENDING' and d.next_attempt_at <= now()
            and (d.lease_until is null or d.lease_until <= now()))
        for no key update of w skip locked
      ), next as (
        select due.id from answering cross join lateral (
          select d.id, d.next_attempt_at, row_number() over (order by d.next_attempt_at, d.id) as place
          from webhook_delivery d
          where d.webhook_id = answering.id and d.status = 'PENDING' and d.next_attempt_at <= now()
            and (d.lease_until is null or d.lease_until <= now())
          order by d.next_attempt_at, d.id
          limit greatest(0, ${MAX_IN_FLIGHT_PER_WEBHOOK} - (
            select count(*) from webhook_delivery b
            where b.webhook_id = answering.id and b.status = 'PENDING' and b.lease_until > now()))
        ) due
        order by due.place, due.next_attempt_at, due.id
        limit ${most}
      )
      update webhook_delivery d
      set attempts = d.attempts + 1, lease_owner = ${owner}, lease_until = now() + ${LEASE_SECONDS} * interval '1 second'
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

/** The end of an attempt. Without effect when the lease has run out and another has taken the delivery, or it was deleted. */
export async function recordAttempt(
  database: Database,
  owner: string,
  id: string,
  outcome: DeliveryOutcome,
  webhook: { readonly id: string; readonly changes: Partial<WebhookRow> } | undefined,
): Promise<void> {
  await database.transaction(async (tx) => {
    const finishedAt = outcome.status === 'PENDING' ? null : new Date();
    const [held] = await tx
      .update(webhookDeliveries)
      .set({ ...outcome, finishedAt, leaseOwner: null, leaseUntil: null })
      .where(heldBy(owner, id))
      .returning({ id: webhookDeliveries.id });
    if (held === undefined || webhook === undefined) return;
    await tx.update(webhooks).set(webhook.changes).where(eq(webhooks.id, webhook.id));
  });
}

/** Gives a claim back unharmed: the attempt that was broken off does not count. */
export async function releaseDelivery(database: Database, owner: string, id: string): Promise<void> {
  await database
    .update(webhookDeliveries)
    .set({ leaseOwner: null, leaseUntil: null, attempts: sql`${webhookDeliveries.attempts} - 1` })
    .where(heldBy(owner, id));
}

function heldBy(owner: string, id: string) {
  return and(
    eq(webhookDeliveries.id, id),
    eq(webhookDeliveries.leaseOwner, owner),
    eq(webhookDeliveries.status, 'PENDING'),
  );
}

/** At the start of the only process that can have the database open: whoever held a lease is gone. */
export async function expireDeliveryLeases(database: Database): Promise<void> {
  await database
    .update(webhookDeliveries)
    .set({ leaseOwner: null, leaseUntil: null })
    .where(eq(webhookDeliveries.status, 'PENDING'));
}

/** Those made before `before`, whatever became of them, a bounded number at a time. */
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
