/**
 * A delivery is recorded in the transaction of the event that it reports, so every committed event is delivered, even after a kill. The
 * body is written at that time and never changes, so every attempt sends the same body.
 */
import { and, eq, sql } from 'drizzle-orm';
import { notify } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import type { EventPayload, WebhookEventName } from '../storage/jsonColumns.js';
import { defects, generations, products, samples, webhookDeliveries, webhooks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** Notified when there is a delivery to send. */
export const WEBHOOK_CHANNEL = 'webhook';

const WEBHOOK_EVENT_NAMES: Partial<Record<EventPayload['type'], WebhookEventName>> = {
  GenerationStarted: 'GENERATION_STARTED',
  GenerationSucceeded: 'GENERATION_SUCCEEDED',
  GenerationFailed: 'GENERATION_FAILED',
  GenerationCanceled: 'GENERATION_CANCELED',
  SampleReady: 'SAMPLE_READY',
};

/** Must run within the transaction of the change that the events report. */
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
  const subscribed = await database
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(rows(webhooks, eq(webhooks.enabled, true), sql`${webhooks.events} ? ${event}`));
  if (subscribed.length === 0) return;
  const generation = await generationData(scope, generationId);
  const bodies: string[] = [];
  for (const [i, payload] of payloads.entries()) {
    // Samples that were committed together are reported as if each had been committed alone.
    const samplesDone = generation.samplesDone - (payloads.length - 1 - i);
    const data = { ...generation, samplesDone, ...(await sampleData(scope, payload)) };
    bodies.push(JSON.stringify({ type: webhookEventType(event), timestamp: at.toISOString(), data }));
  }
  const deliveries = bodies.flatMap((body) => subscribed.map(({ id: webhookId }) => ({ webhookId, body })));
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

/** The type in a body: `generation.succeeded` for GENERATION_SUCCEEDED. */
export function webhookEventType(event: WebhookEventName): string {
  return event.toLowerCase().replace('_', '.');
}

/** Ids, codes and counts. No URLs, because they expire and a delivery may arrive days later; a query by id returns fresh URLs. */
async function generationData({ database, rows }: TenantScope, id: string) {
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
  if (found === undefined) throw new Error(`generation ${id} does not exist`);
  return found;
}

async function sampleData({ database, rows }: TenantScope, payload: EventPayload): Promise<object> {
  if (payload.type !== 'SampleReady') return {};
  const { id, index, seed, strength, areaFraction } = samples;
  const [sample] = await database
    .select({ id, index, seed, strength, areaFraction })
    .from(samples)
    .where(rows(samples, eq(samples.id, payload.sampleId)));
  return { sample };
}
