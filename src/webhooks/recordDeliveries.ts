/**
 * A delivery is recorded in the transaction of the event that it tells of: what happened and was committed will be told, also
 * after a kill. The body is written then and for ever, so that every attempt sends the same.
 */
import { and, eq, sql } from 'drizzle-orm';
import { notify } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import type { EventPayload, WebhookEventName } from '../storage/jsonColumns.js';
import { defects, generations, products, samples, webhookDeliveries, webhooks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** The channel on which is told that there is something to deliver. */
export const WEBHOOK_CHANNEL = 'webhook';

const WEBHOOK_EVENT_NAMES: Partial<Record<EventPayload['type'], WebhookEventName>> = {
  GenerationStarted: 'GENERATION_STARTED',
  GenerationSucceeded: 'GENERATION_SUCCEEDED',
  GenerationFailed: 'GENERATION_FAILED',
  GenerationCanceled: 'GENERATION_CANCELED',
  SampleReady: 'SAMPLE_READY',
};

/** Must run inside the transaction that makes the change that these tell of. */
export async function recordDeliveries(
  scope: TenantScope,
  generationId: string,
  payloads: readonly EventPayload[],
  at: Date,
): Promise<void> {
  for (const [event, some] of Map.groupBy(payloads, ({ type }) => WEBHOOK_EVENT_NAMES[type]))
    if (event !== undefined) await recordDeliveriesOf(scope, generationId, event, some, at);
}

async function recordDeliveriesOf(
  scope: TenantScope,
  generationId: string,
  event: WebhookEventName,
  payloads: readonly EventPayload[],
  at: Date,
): Promise<void> {
  const { database, rows, own } = scope;
  const wanting = await database
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(rows(webhooks, eq(webhooks.enabled, true), sql`${webhooks.events} ? ${event}`));
  if (wanting.length === 0) return;
  const facts = await generationFacts(scope, generationId);
  const bodies: string[] = [];
  for (const [i, payload] of payloads.entries()) {
    // Of samples that are committed together each is told of as if it had come by itself.
    const samplesDone = facts.samplesDone - (payloads.length - 1 - i);
    const data = { ...facts, samplesDone, ...(await sampleFacts(scope, payload)) };
    bodies.push(JSON.stringify({ type: webhookEventType(event), timestamp: at.toISOString(), data }));
  }
  const deliveries = bodies.flatMap((body) => wanting.map(({ id: webhookId }) => ({ webhookId, body })));
  await database.insert(webhookDeliveries).values(
    deliveries.map(({ webhookId, body }) =>
      own({
        id: newId(),
        webhookId,
        event,
        body,
        status: 'PENDING' as const,
        attempts: 0,
        nextAttemptAt: at,
        createdAt: at,
      }),
    ),
  );
  await notify(database, WEBHOOK_CHANNEL, '');
}

/** GENERATION_SUCCEEDED is `generation.succeeded` in a body. */
export function webhookEventType(event: WebhookEventName): string {
  return event.toLowerCase().replace('_', '.');
}

/** Ids, codes and counts. No URLs: they expire, and a delivery may come days later; a query by id gives fresh ones. */
async function generationFacts({ database, rows }: TenantScope, id: string) {
  const [found] = await database
    .select({
      generationId: generations.id,
      status: generations.status,
      partNumber: products.partNumber,
      defectCode: defects.code,
      idempotencyKey: generations.idempotencyKey,
      samplesDone: generations.samplesDone,
      samplesTotal: generations.count,
      error: generations.failure,
    })
    .from(generations)
    .innerJoin(products, and(eq(products.tenantId, generations.tenantId), eq(products.id, generations.productId)))
    .innerJoin(defects, and(eq(defects.tenantId, generations.tenantId), eq(defects.id, generations.defectId)))
    .where(rows(generations, eq(generations.id, id)));
  if (found === undefined) throw new Error(`generation ${id} is not there`);
  return found;
}

async function sampleFacts({ database, rows }: TenantScope, payload: EventPayload): Promise<object> {
  if (payload.type !== 'SampleReady') return {};
  const { id, index, seed, strength, areaFraction } = samples;
  const [sample] = await database
    .select({ id, index, seed, strength, areaFraction })
    .from(samples)
    .where(rows(samples, eq(samples.id, payload.sampleId)));
  return { sample };
}
