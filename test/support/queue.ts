/** Puts generations into the queue without a server before it. */
import { newId } from '../../src/storage/identifiers.js';
import type { GenerationRow } from '../../src/storage/tables.js';
import { defects, events, generations, products } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';

/** A crack on a tile, from the tiny bundle. */
export const SETTINGS: GenerationRow['settings'] = {
  bundle: 'tiny@1.0.0',
  product: 'tile',
  defect: 'crack',
  coverage: 'TRAINED',
  seed: 0,
  strength: { min: 1, max: 1 },
  productScale: 1,
  steps: 2,
  sampler: 'DDIM',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
};

/** A crack on a tile, to be drawn from the tiny bundle in two steps. Returns its id. */
export async function queueUp({ database, own }: TenantScope, count = 2): Promise<string> {
  const at = new Date();
  const [id, productId, defectId] = [newId(), newId(), newId()];
  const [product, defect] = ['tile', 'crack'];
  await database
    .insert(products)
    .values(own({ id: productId, name: product, promptName: product, partNumber: productId, createdAt: at }));
  await database
    .insert(defects)
    .values(own({ id: defectId, name: defect, promptName: defect, code: defectId, createdAt: at }));
  const counters = { count, pixelSteps: count, priority: 0, samplesDone: 0, stepsDone: 0, lastSeq: 1, attempts: 0 };
  await database.insert(generations).values(
    own({
      ...counters,
      id,
      productId,
      defectId,
      status: 'QUEUED' as const,
      settings: SETTINGS,
      idempotencyKey: null,
      inputHash: '',
      createdAt: at,
    }),
  );
  const payload = { type: 'GenerationQueued' } as const;
  await database.insert(events).values(own({ generationId: id, seq: 1, payload, at }));
  return id;
}
