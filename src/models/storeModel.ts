/**
 * Checks a packed model and stores it as a model of the tenant. The file is durable before the row that names it is committed, and a
 * refused model leaves nothing behind.
 */
import { recordPending, removePending } from '../artifacts/pendingFiles.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { StoreUnavailable, newArtifactKey } from '../artifacts/store.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { CheckContext, CheckedModel } from './checkedModel.js';
import { checkModel } from './checkedModel.js';
import { modelsOf } from './modelRepository.js';

export interface ModelContext extends CheckContext {
  readonly store: ArtifactStore;
  /** Of a tenant, at a time. */
  readonly modelsPerTenant: number;
  /** Runs in the transaction that inserts the file. Throws when the tenant has no storage left for it. */
  requireStorage(tx: TenantScope, bytes: number): Promise<void>;
}

/**
 * @param path of the zip
 * @param complete runs in the transaction that inserts the model, with its ID
 * Throws `ServiceError`: TOO_MANY_MODELS, QUOTA_EXCEEDED, and MODEL_….
 */
export async function storeModel<T>(
  context: ModelContext,
  path: string,
  complete: (tx: TenantScope, modelId: string) => Promise<T>,
): Promise<T> {
  const checked = await checkModel(context, path);
  try {
    return await storeChecked(context, checked, complete);
  } finally {
    await checked.remove();
  }
}

async function storeChecked<T>(
  { scope, store, requireStorage, modelsPerTenant }: ModelContext,
  { model, extension, put }: CheckedModel,
  complete: (tx: TenantScope, modelId: string) => Promise<T>,
): Promise<T> {
  const { name, version } = model.manifest;
  const known = await modelsOf(scope).known(name, version, model.contentHash);
  if (known !== undefined && known.deletedAt === null) return scope.transaction((tx) => complete(tx, known.id));
  const key = newArtifactKey(extension);
  await recordPending(scope, [key]);
  try {
    await put(store, scope.tenantId, key);
    const completed = await scope.transaction(async (tx) => {
      await requireStorage(tx, model.bytes);
      return complete(tx, await modelsOf(tx).insert(model, key, modelsPerTenant));
    });
    // Another upload of the same model may have been faster. Its file is the one that is named.
    await removePending(scope, store, [key]);
    return completed;
  } catch (error) {
    await removePending(scope, store, [key], error instanceof StoreUnavailable);
    throw error;
  }
}
