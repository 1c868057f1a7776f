/** Opens a bundle on a device together with its capacity, which is known, cached, or measured now. */
import { verifyAdapter, verifyFiles } from '../../bundle/files.js';
import type { Bundle } from '../../bundle/manifest.js';
import type { Capacity } from '../../capacity.js';
import { ROWS_PER_SAMPLE } from '../../capacity.js';
import type { WorkerCommand } from '../../deviceProtocol.js';
import type { Model } from '../model/model.js';
import { openModel } from '../model/model.js';
import type { ExecutionOptions } from '../model/sessions.js';
import { openedVariants } from '../model/sessions.js';
import { coarseBuckets } from '../model/shapeBuckets.js';
import { CALIBRATION_MS, budgetOf, measureStepCurve } from './calibration.js';
import { calibrationKey, readCalibration, writeCalibration } from './calibrationCache.js';

type OpenCommand = Extract<WorkerCommand, { kind: 'open' }>;

interface CalibratedModel {
  readonly model: Model;
  readonly capacity: Capacity;
}

/**
 * @param bundle no adapter; the adapters of the command that belong to it are opened with it
 * @throws BundleError, InferenceError as `openModel` does.
 */
export async function openCalibratedModel(
  bundle: Bundle,
  options: ExecutionOptions,
  { device, capacities, calibrationDirectory, bundles }: OpenCommand,
): Promise<CalibratedModel> {
  // The files are verified again right before they are loaded: a replacement worker may start weeks after the engine.
  await verifyFiles(bundle, openedVariants(bundle.manifest, options));
  const adapters = bundles.flatMap(({ id, adapter }) => (adapter?.base === bundle.id ? [{ id, ...adapter }] : []));
  for (const adapter of adapters) await verifyAdapter(adapter);
  const open = async (capacity: Capacity): Promise<CalibratedModel> => ({
    model: await openModel(bundle, withBuckets(capacity, options), adapters),
    capacity,
  });
  const known = capacities.find((capacity) => capacity.bundle === bundle.id);
  if (known !== undefined) return open(known);

  const key = await calibrationKey(device, options, bundle);
  const cached = calibrationDirectory === null ? null : await readCalibration(calibrationDirectory, key);
  if (cached !== null) return open({ bundle: bundle.id, ...budgetOf(cached), curve: cached });

  const model = await openModel(bundle, options);
  const curve = await measureStepCurve(model, CALIBRATION_MS);
  if (calibrationDirectory !== null && curve.length > 0) await writeCalibration(calibrationDirectory, key, curve);
  // A session keeps the memory of its largest batch, which the decoder may need. Closing the session frees it.
  await model.close();
  return open({ bundle: bundle.id, ...budgetOf(curve), curve });
}

/** Opens a bundle that is not measured. @throws BundleError, InferenceError */
export async function openVerified(bundle: Bundle, options: ExecutionOptions): Promise<Model> {
  await verifyFiles(bundle, openedVariants(bundle.manifest, options));
  return openModel(bundle, options);
}

function withBuckets({ curve, rows }: Capacity, options: ExecutionOptions): ExecutionOptions {
  if (options.buckets === null) return options;
  return { ...options, buckets: { ...options.buckets, coarse: coarseBuckets(curve, rows / ROWS_PER_SAMPLE) } };
}
