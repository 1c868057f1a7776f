/** Records the events of a generation for webhooks and MQTT (deliverEvent.ts). */
import { and, eq } from '../storage/drizzle.js';
import type { EventPayload, WebhookEventName } from '../storage/jsonColumns.js';
import { defects, generations, products, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { deliverEvent, receiversOf } from './deliverEvent.js';

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
  const receivers = await receiversOf(scope, event);
  if (receivers === undefined) return;
  const generation = await generationData(scope, generationId);
  const data: object[] = [];
  for (const [i, payload] of payloads.entries()) {
    // Samples that were committed together are reported as if each had been committed alone.
    const samplesDone = generation.samplesDone - (payloads.length - 1 - i);
    data.push({ ...generation, samplesDone, ...(await sampleData(scope, payload)) });
  }
  await deliverEvent(scope, receivers, event, at, ['products', generation.partNumber], data);
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
