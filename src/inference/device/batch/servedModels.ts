/** The models that samples name: the open ones, and those of their adapters. */
import type { Bundle } from '../../bundle/manifest.js';
import type { Model } from '../model/model.js';
import { withBatchedDecoder } from '../sample/batchedDecoder.js';

/**
 * @param open by bundle ID
 * @param adapters of these bundles. Their models are the open ones, and so is the batched decoder, with the adapter's words.
 * @param onReduce called with the number of images that a call of the decoder may have from now on
 */
export function servedModels(
  open: ReadonlyMap<string, Model>,
  adapters: readonly Bundle[],
  onReduce: (bundle: string, images: number) => void,
): ReadonlyMap<string, Model> {
  const models = new Map<string, Model>();
  for (const [bundle, model] of open) {
    models.set(
      bundle,
      withBatchedDecoder(model, (images) => onReduce(bundle, images)),
    );
  }
  for (const { id, manifest, adapter } of adapters) {
    const base = adapter && models.get(adapter.base);
    if (base !== undefined && adapter !== undefined)
      models.set(id, { ...base, manifest, adapter: { id, base: adapter.base } });
  }
  return models;
}
