/** The models that samples name: the open ones, those of their adapters, and what was opened later. */
import { verifyAdapter } from '../../bundle/files.js';
import type { Bundle } from '../../bundle/manifest.js';
import { BundleError } from '../../errors.js';
import type { Model } from '../model/model.js';
import { withBatchedDecoder } from '../sample/batchedDecoder.js';

export interface ServedModels {
  get(id: string): Model | undefined;
  /** Opens a bundle, or an adapter of a bundle that is open, which must stay open as long. @throws BundleError */
  openModel(bundle: Bundle): Promise<void>;
  /** @param unused resolves when no evaluation uses it any more */
  closeModel(id: string, unused: Promise<unknown>): Promise<void>;
}

/**
 * @param open by bundle ID
 * @param adapters of these bundles. Their models are the open ones, and so is the batched decoder, with the adapter's words.
 * @param onReduce called with the number of images that a call of the decoder may have from now on
 * @param openBundle opens a bundle that was not there at the start
 */
export function servedModels(
  open: ReadonlyMap<string, Model>,
  adapters: readonly Bundle[],
  onReduce: (bundle: string, images: number) => void,
  openBundle: (bundle: Bundle) => Promise<Model>,
): ServedModels {
  const models = new Map<string, Model>();
  const addOpen = (bundle: string, model: Model): void => {
    models.set(
      bundle,
      withBatchedDecoder(model, (images) => onReduce(bundle, images)),
    );
  };
  for (const [bundle, model] of open) addOpen(bundle, model);

  const add = ({ id, manifest, adapter }: Bundle): void => {
    const base = adapter && models.get(adapter.base);
    if (base !== undefined && adapter !== undefined)
      models.set(id, { ...base, manifest, adapter: { id, base: adapter.base } });
  };
  adapters.forEach(add);

  return {
    get: (id) => models.get(id),
    async openModel(bundle) {
      const { id, adapter } = bundle;
      if (adapter === undefined) return addOpen(id, await openBundle(bundle));
      const base = models.get(adapter.base);
      if (base === undefined)
        throw new BundleError(id, [`belongs to the bundle ${adapter.base}, which is not open here`]);
      await verifyAdapter(adapter);
      await base.openAdapter({ id, ...adapter });
      add(bundle);
    },
    async closeModel(id, unused) {
      const model = models.get(id);
      models.delete(id);
      await unused;
      await (model?.adapter == null ? model?.close() : model.closeAdapter(id));
    },
  };
}
