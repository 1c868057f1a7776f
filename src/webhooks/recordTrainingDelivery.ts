/** Records events of a training for webhooks and MQTT (deliverEvent.ts). */
import { eq } from '../storage/drizzle.js';
import type { WebhookEventName } from '../storage/jsonColumns.js';
import { trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { TrainingEventPayload } from '../storage/trainingJsonColumns.js';
import { deliverEvent, receiversOf } from './deliverEvent.js';

/** Progress is for those who watch. */
const WEBHOOK_EVENT_NAMES: Partial<Record<TrainingEventPayload['type'], WebhookEventName>> = {
  TrainingStarted: 'TRAINING_STARTED',
  TrainingSucceeded: 'TRAINING_SUCCEEDED',
  TrainingFailed: 'TRAINING_FAILED',
  TrainingCanceled: 'TRAINING_CANCELED',
};

/** Must run within the transaction of the change that the event reports. */
export async function recordTrainingDelivery(
  scope: TenantScope,
  id: string,
  { type }: TrainingEventPayload,
  at: Date,
): Promise<void> {
  const event = WEBHOOK_EVENT_NAMES[type];
  const receivers = event === undefined ? undefined : await receiversOf(scope, event);
  if (event === undefined || receivers === undefined) return;
  await deliverEvent(scope, receivers, event, at, ['trainings'], [await trainingData(scope, id)]);
}

/** As for generations: ids and names. A query by id returns the verdict and the image grids. */
async function trainingData({ database, rows }: TenantScope, id: string): Promise<object> {
  const [found] = await database
    .select({
      trainingId: trainings.id,
      status: trainings.status,
      kind: trainings.kind,
      base: trainings.base,
      name: trainings.name,
      version: trainings.version,
      dataSetId: trainings.dataSetId,
      idempotencyKey: trainings.idempotencyKey,
      attempts: trainings.attempts,
      error: trainings.failure,
    })
    .from(trainings)
    .where(rows(trainings, eq(trainings.id, id)));
  if (found === undefined) throw new Error(`training ${id} does not exist`);
  return found;
}
