/** The adapters and bundles that were opened while the engine runs. They are drawn like those of the models directory, and are not listed. */
import type { Bundle } from './bundle/manifest.js';
import type { OpenDevice } from './device.js';
import { BundleError, DeviceLostError, InferenceError } from './errors.js';

export interface OpenedModels {
  /** The bundle or adapter with this ID. */
  find(id: string): Bundle | undefined;
  /**
   * Resolves when every device that is ready has opened it, with the most bytes by which the memory of a device grew.
   * @throws BundleError, DeviceLostError
   */
  open(bundle: Bundle): Promise<number>;
  close(id: string): void;
}

export function createOpenedModels(bundles: readonly Bundle[], devices: readonly OpenDevice[]): OpenedModels {
  const opened = new Map<string, Bundle>();

  const close = (id: string): void => {
    opened.delete(id);
    for (const device of devices) device.closeModel(id);
  };

  return {
    find: (id) => bundles.find((bundle) => bundle.id === id) ?? opened.get(id),

    async open(bundle) {
      requireOpenable(bundle, bundles, opened);
      const live = devices.filter((device) => device.info().state !== 'FAILED');
      if (live.length === 0) throw new DeviceLostError('every device has failed');
      const opening = live.map((device) => ({
        ready: device.info().state === 'READY',
        done: device.openModel(bundle),
      }));
      // A device that restarts opens it before it draws with it, and need not be waited for.
      const awaited = opening.some(({ ready }) => ready) ? opening.filter(({ ready }) => ready) : opening;
      const outcomes = await Promise.allSettled(awaited.map(({ done }) => done));
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
      const invalid = reasons.find((reason) => reason instanceof BundleError);
      const reason = invalid ?? (reasons.length === outcomes.length ? reasons[0] : undefined);
      if (reason !== undefined) {
        close(bundle.id);
        throw reason;
      }
      opened.set(bundle.id, bundle);
      return Math.max(...outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0)));
    },

    close,
  };
}

function requireOpenable(
  { id, adapter }: Bundle,
  bundles: readonly Bundle[],
  opened: ReadonlyMap<string, Bundle>,
): void {
  if (bundles.some((bundle) => bundle.id === id)) throw new InferenceError(`${id} is the ID of another bundle`);
  if (adapter === undefined) return;
  const base = bundles.find((bundle) => bundle.id === adapter.base) ?? opened.get(adapter.base);
  if (base === undefined || base.adapter !== undefined)
    throw new BundleError(id, [`belongs to the bundle ${adapter.base}, which is not open`]);
}
