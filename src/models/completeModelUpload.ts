/** Turns a received body into a model of the tenant. The same body again gets the same answer. */
import type { FairSemaphore } from '../fairSemaphore.js';
import type { Body } from '../references/completeUpload.js';
import { repeatCompletion } from '../references/completeUpload.js';
import { uploadsOf } from '../references/uploads.js';
import type { UploadRow } from '../storage/tables.js';
import type { ModelContext } from './storeModel.js';
import { storeModel } from './storeModel.js';

export interface ModelUploadContext extends ModelContext {
  /** Limits concurrent decoding. */
  readonly decoding: FairSemaphore;
}

/** Throws `ServiceError`: NOT_FOUND, UPLOAD_CONFLICT, UPLOAD_EXHAUSTED, TOO_MANY_MODELS, QUOTA_EXCEEDED, and MODEL_…. */
export async function completeModelUpload(context: ModelUploadContext, id: string, body: Body): Promise<UploadRow> {
  const { scope, decoding } = context;
  const upload = await uploadsOf(scope).require(id);
  if (upload.completedAt !== null) return repeatCompletion(upload, body);
  return uploadsOf(scope).attempt(id, () =>
    decoding.run(scope.tenantId, 1, () =>
      storeModel(context, body.path, async (tx, modelId) => {
        const uploads = uploadsOf(tx);
        const current = await uploads.requireForUpdate(id);
        if (current.completedAt !== null) return repeatCompletion(current, body);
        return uploads.complete(id, body.hash, { modelId });
      }),
    ),
  );
}
