/** A bundle opened on a device, with what is known of how much pays there: from before, from a file, or measured now. */
import { verifyFiles } from '../../bundle/load.js';
import type { Bundle } from '../../bundle/manifest.js';
import type { Capacity } from '../../capacity.js';
import { ROWS_PER_SAMPLE } from '../../capacity.js';
import type { WorkerCommand } from '../../workerProtocol.js';
import { CALIBRATION_MS, budgetOf, measureStepCurve } from './calibration.js';
import { calibrationKey, readCalibration, writeCalibration } from './calibrationCache.js';
import type { Model } from '../model/model.js';
import { openModel } from '../model/model.js';
import type { DeviceOptions } from '../model/sessions.js';
import { coarseBuckets } from '../model/shapeBuckets.js';

type Opening = Extract<WorkerCommand, { kind: 'open' }>;

/** @throws BundleError, InferenceError as `openModel` does. */
export async function openCalibratedModel(
  bundle: Bundle,
  options: DeviceOptions,
  { device, capacities, calibrationDirectory }: Opening,
): Promise<{ model: Model; capacity: Capacity }> {
  // Again, right before they are loaded: a worker that replaces another may come weeks after the pool read the files.
  await verifyFiles(bundle);
  const opened = async (capacity: Capacity): Promise<{ model: Model; capacity: Capacity }> => ({
    model: await openModel(bundle, withBuckets(capacity, options)),
    capacity,
  });
  const known = capacities.find((capacity) => capacity.bundle === bundle.id);
  if (known !== undefined) return opened(known);

  const key = await calibrationKey(device, options, bundle);
  const kept = calibrationDirectory === null ? null : await readCalibration(calibrationDirectory, key);
  if (kept !== null) return opened({ bundle: bundle.id, ...budgetOf(kept), curve: kept });

  const model = await openModel(bundle, options);
  const curve = await measureStepCurve(model, CALIBRATION_MS);
  if (calibrationDirectory !== null && curve.length > 0) await writeCalibration(calibrationDirectory, key, curve);
  // A session keeps the memory that its largest batch took, which the decoder may need: it is given back with the session.
  await model.close();
  return opened({ bundle: bundle.id, ...budgetOf(curve), curve });
}

function withBuckets({ curve, rows }: Capacity, options: DeviceOptions): DeviceOptions {
  if (options.buckets === null) return options;
  return { ...options, buckets: { ...options.buckets, coarse: coarseBuckets(curve, rows / ROWS_PER_SAMPLE) } };
}
