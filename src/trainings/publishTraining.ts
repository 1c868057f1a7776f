/** Makes a trained model one of the tenant's own, by the same checks and limits as an uploaded one. Nobody draws with it before. */
import type { ModelContext } from '../models/storeModel.js';
import { storeModel } from '../models/storeModel.js';
import type { TrainingRow } from '../storage/tables.js';
import { requireArchive, takeArchive, trainingsOf } from './trainingRepository.js';

/**
 * The same again for one that was published. Throws `ServiceError`: NOT_FOUND, TRAINING_HAS_NO_MODEL, TOO_MANY_MODELS,
 * QUOTA_EXCEEDED, and MODEL_….
 */
export async function publishTraining(context: ModelContext, id: string): Promise<TrainingRow> {
  const { scope, store } = context;
  const row = await trainingsOf(scope).require(id);
  if (row.modelId !== null) return row;
  const { archiveKey } = requireArchive(row);
  // The archive counts until the same transaction releases it.
  const released = row.archiveBytes ?? 0;
  const requireStorage: ModelContext['requireStorage'] = (tx, bytes) =>
    context.requireStorage(tx, Math.max(0, bytes - released));
  const path = await store.local(scope.tenantId, archiveKey);
  return storeModel({ ...context, requireStorage }, path, async (tx, modelId) => {
    const taken = await takeArchive(tx, row.id, archiveKey, { modelId });
    const current = await trainingsOf(tx).require(id);
    // Another caller published it, or discarded it.
    if (!taken && current.modelId === null) requireArchive(current);
    return current;
  });
}
