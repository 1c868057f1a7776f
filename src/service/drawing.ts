/** What draws: the engine, and those who take work from the database to it, pack exports, and clean up. */
import { join } from 'node:path';
import { startJanitor } from '../artifacts/janitor.js';
import type { Config } from '../config.js';
import { startExportWorker } from '../exports/exportWorker.js';
import { startGenerationWorker } from '../generations/worker/generationWorker.js';
import type { InferencePool } from '../inference/index.js';
import { openPool } from '../inference/index.js';
import type { Log } from '../log.js';
import { batchSize, stepSeconds } from '../observability/instruments.js';
import type { WhenClosing } from './closing.js';
import type { Ground } from './ground.js';
import { packageVersion } from './version.js';

export async function openEngine(config: Config, log: Log, whenClosing: WhenClosing): Promise<InferencePool> {
  const pool = await openPool({
    modelsDirectory: config.modelsDirectory,
    devices: config.devices,
    precision: config.precision,
    maximumRows: config.maximumRows,
    silenceSeconds: config.deviceSilenceSeconds,
    calibrationDirectory: join(config.dataDirectory, 'calibration'),
    log: (level, message, details) => log[level](details ?? {}, message),
    stepped: ({ device, samples, seconds }) => {
      batchSize.observe({ device }, samples);
      stepSeconds.observe({ device }, seconds);
    },
  });
  whenClosing(() => pool.close());
  return pool;
}

export async function startDrawing(
  { leaseSeconds, limits }: Config,
  pool: InferencePool,
  { storage, store, models }: Ground,
  log: Log,
  whenClosing: WhenClosing,
): Promise<void> {
  const worker = await startGenerationWorker({ storage, pool, store, log, leaseSeconds });
  whenClosing(() => worker.stop());
  const bundles = models.all;
  const exports = await startExportWorker({ storage, store, bundles, version: packageVersion(), leaseSeconds, log });
  whenClosing(() => exports.stop());
  const janitor = startJanitor({ database: storage.database, store, log, limits: limits.tenant });
  whenClosing(() => janitor.stop());
}
