/** The parts of a worker process: the engine, the workers for generations and exports, and the cleanup. */
import { join } from 'node:path';
import { startCleanup } from '../artifacts/cleanup.js';
import type { Config } from '../config.js';
import { startExportWorker } from '../exports/exportWorker.js';
import { startGenerationWorker } from '../generations/worker/generationWorker.js';
import type { Engine } from '../inference/index.js';
import { openEngine as openInferenceEngine } from '../inference/index.js';
import type { Log } from '../log.js';
import { batchSize, stepSeconds } from '../observability/metrics.js';
import type { Defer } from './disposables.js';
import type { Resources } from './resources.js';
import { openMarking } from './marking.js';
import { packageVersion } from './version.js';

export async function openEngine(config: Config, log: Log, defer: Defer): Promise<Engine> {
  const engine = await openInferenceEngine({
    modelsDirectory: config.modelsDirectory,
    devices: config.devices,
    precision: config.precision,
    maximumRows: config.maximumRows,
    watchdogSeconds: config.deviceSilenceSeconds,
    calibrationDirectory: join(config.dataDirectory, 'calibration'),
    log: (level, message, details) => log[level](details ?? {}, message),
    onStep: ({ device, samples, seconds }) => {
      batchSize.observe({ device }, samples);
      stepSeconds.observe({ device }, seconds);
    },
  });
  defer(() => engine.close());
  return engine;
}

export async function startWorkers(
  { leaseSeconds, limits, marking, dataDirectory, maximumOpenModels, maximumOpenModelBytes }: Config,
  engine: Engine,
  { storage, store, models }: Resources,
  log: Log,
  defer: Defer,
): Promise<void> {
  const markImages = await openMarking(marking, dataDirectory);
  const worker = await startGenerationWorker({
    storage,
    engine,
    store,
    log,
    maximumOpenModels,
    maximumOpenModelBytes,
    leaseSeconds,
    markImages,
  });
  defer(() => worker.stop());
  const bundles = models.all;
  const exports = await startExportWorker({ storage, store, bundles, version: packageVersion(), leaseSeconds, log });
  defer(() => exports.stop());
  const janitor = startCleanup({ database: storage.database, store, log, limits: limits.tenant });
  defer(() => janitor.stop());
}
