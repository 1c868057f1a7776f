/** Claims generations and runs them on the engine, a few at a time. */
import type { ArtifactStore } from '../../artifacts/store.js';
import { StoreUnavailable } from '../../artifacts/store.js';
import { CanceledError, DeviceLostError, InferenceError, tryBundle } from '../../inference/index.js';
import type { Engine } from '../../inference/index.js';
import type { Log } from '../../log.js';
import type { MarkImages } from '../../marking/markingThread.js';
import { ModelUnavailableError } from '../../models/loadModel.js';
import { createOpenModels } from '../../models/openModels.js';
import type { WorkerLoop } from '../../queue/workerLoop.js';
import { startWorkerLoop } from '../../queue/workerLoop.js';
import type { Storage } from '../../storage/database.js';
import type { GenerationFailure } from '../../storage/jsonColumns.js';
import type { GenerationRow } from '../../storage/tables.js';
import { forTenant } from '../../storage/tenantScope.js';
import { isDatabaseUnavailable } from '../../storage/databaseErrors.js';
import { QUEUED_SIGNAL, canceledId } from '../../queue/signals.js';
import { GENERATION_CHANNEL } from '../events/generationEvents.js';
import { StorageFailedError } from './persistSample.js';
import {
  claimGeneration,
  expireLeases,
  generationLease,
  releaseGeneration,
  requireFewCrashes,
  updateClaimed,
} from './claimGeneration.js';
import { QualityNotReachedError, runGeneration } from './runGeneration.js';
import { recordOutcome, traceAttempt } from './telemetry.js';
import { createThroughputMeter } from './throughput.js';
import { HEARTBEAT_MS, registerWorker } from '../workerRegistry.js';

/** Generations in progress at a time: enough to fill the batches of the engine with small ones. */
const CONCURRENCY = 4;
/** The limit where a tenant waits that has none in progress, so that one tenant's long work does not shut the others out. */
const MAX_CONCURRENCY = 32;
const PAUSE_MS = 15_000;
const LEASE_SECONDS = 30;

export interface GenerationWorkerOptions {
  readonly storage: Storage;
  readonly engine: Engine;
  readonly store: ArtifactStore;
  readonly log: Log;
  /** How long nothing is claimed after samples could not be stored. @default 15 s */
  readonly pauseMs?: number;
  /** How long after its last renewal another worker takes a generation over. @default 30 */
  readonly leaseSeconds?: number;
  /** Models of tenants that stay open at a time. @default 32 */
  readonly maximumOpenModels?: number;
  /** The memory that they take together. @default 1 GiB */
  readonly maximumOpenModelBytes?: number;
  /** Undefined: images are stored without a mark. */
  readonly markImages?: MarkImages | undefined;
}

/** A generation that is not finished at a stop is released. Its finished samples are kept. */
export async function startGenerationWorker(options: GenerationWorkerOptions): Promise<WorkerLoop> {
  const { storage, engine, store, log, pauseMs = PAUSE_MS, leaseSeconds = LEASE_SECONDS, markImages } = options;
  const { database } = storage;
  const registration = registerWorker(database);
  const owner = registration.id;
  const holder = { owner, leaseSeconds };
  const { maximumOpenModels: most = 32, maximumOpenModelBytes: mostBytes = 2 ** 30 } = options;
  const openModels = createOpenModels({ engine, store, log, most, mostBytes, tryBundle });
  const throughput = createThroughputMeter();
  const bundles = engine.bundles.map(({ id }) => id);
  let inProgress = 0;
  let pausedUntil = 0;
  const announce = (): Promise<void> =>
    registration.heartbeat(engine.devices(), throughput.read(inProgress > 0)).catch((error: unknown) => {
      log.warn({ err: error }, 'this worker could not be announced');
    });
  await announce();
  const announcing = setInterval(() => void announce(), HEARTBEAT_MS);

  function capacity(running: readonly GenerationRow[]): number {
    // What cannot be generated or stored now stays in the queue.
    if (!engine.canGenerate() || Date.now() < pausedUntil) return 0;
    return MAX_CONCURRENCY - running.length;
  }

  async function claim(running: readonly GenerationRow[]): Promise<readonly GenerationRow[]> {
    const held = running.map(({ id }) => id);
    const excludedTenants = running.length < CONCURRENCY ? [] : running.map(({ tenantId }) => tenantId);
    const row = await claimGeneration(database, holder, held, { excludedTenants, bundles });
    if (row === undefined) return [];
    log.info(logContext(row), 'generation claimed');
    return [row];
  }

  async function run(row: GenerationRow, signal: AbortSignal): Promise<void> {
    inProgress += 1;
    const scope = forTenant(database, row.tenantId);
    const onSampleDrawn = (): void => throughput.add(row.pixelSteps / row.count);
    try {
      await traceAttempt(row, holder, async () => {
        requireFewCrashes(row.deviceCrashes);
        const { bundle: named, tenantModel } = row.settings;
        const draw = (bundle: string): Promise<void> =>
          runGeneration({ scope, row, owner, engine, bundle, store, markImages, signal, onSampleDrawn });
        await (tenantModel === undefined ? draw(named) : openModels.use(scope, tenantModel.id, draw));
      });
    } finally {
      inProgress -= 1;
    }
    log.info(logContext(row), 'generation succeeded');
    recordOutcome(row, 'succeeded');
  }

  const release = (row: GenerationRow, reason = 'the worker was stopped'): Promise<void> =>
    releaseGeneration(forTenant(database, row.tenantId), owner, row.id, reason);

  async function fail(row: GenerationRow, error: unknown): Promise<void> {
    // These are not the generation's fault, and may pass: it continues when there is storage or a device again.
    const noStore = error instanceof StoreUnavailable || (error instanceof StorageFailedError && error.transient);
    if (noStore || isDatabaseUnavailable(error)) {
      log.error({ err: error }, `samples cannot be stored; nothing is claimed for ${String(pauseMs / 1000)} s`);
      pausedUntil = Date.now() + pauseMs;
      return release(row, 'there was no room to store samples, or the store did not answer');
    }
    if (error instanceof DeviceLostError && !engine.canGenerate()) return release(row, 'no device could draw');
    log.error({ generation: row.id, tenant: row.tenantId, err: error }, 'generation failed');
    const failure = failureReason(error, engine, row);
    const outcome = { status: 'FAILED', failure, finishedAt: new Date() } as const;
    const scope = forTenant(database, row.tenantId);
    await updateClaimed(scope, owner, row.id, outcome, [{ type: 'GenerationFailed', failure }]);
    recordOutcome(row, 'failed');
  }

  const loop = await startWorkerLoop<GenerationRow>({
    name: 'generation',
    storage,
    log,
    channel: GENERATION_CHANNEL,
    onNotification: (payload, isRunning) =>
      payload === QUEUED_SIGNAL ? 'CLAIM' : isRunning(canceledId(payload)) ? 'RENEW' : undefined,
    lease: generationLease,
    expireLeases,
    holder,
    heartbeatMs: (leaseSeconds * 1000) / 6,
    capacity,
    claim: (_, running) => claim(running),
    idOf: ({ id }) => id,
    logContext,
    run,
    release: (row) => release(row),
    fail,
    lost: (row) => recordOutcome(row, 'canceled'),
  });
  return {
    async stop() {
      clearInterval(announcing);
      await loop.stop();
      await registration.unregister().catch(() => undefined);
    },
  };
}

function logContext({ id, tenantId, count, attempts }: GenerationRow): object {
  return { generation: id, tenant: tenantId, count, attempt: attempts };
}

/** What the tenant is told: enough to act on, without details of the machine. */
function failureReason(error: unknown, engine: Engine, row: GenerationRow): GenerationFailure {
  const { bundle, tenantModel } = row.settings;
  if (error instanceof ModelUnavailableError) return { code: 'MODEL_UNAVAILABLE', message: error.message };
  if (tenantModel === undefined && !engine.bundles.some(({ id }) => id === bundle)) {
    return { code: 'MODEL_UNAVAILABLE', message: `model ${bundle} is no longer installed` };
  }
  if (error instanceof DeviceLostError) return { code: 'DEVICE_LOST', message: error.message };
  if (error instanceof QualityNotReachedError) return { code: 'QUALITY_NOT_REACHED', message: error.message };
  if (error instanceof StorageFailedError) return { code: 'STORAGE_FAILED', message: 'the sample could not be stored' };
  if (error instanceof InferenceError && !(error instanceof CanceledError)) {
    return { code: 'INFERENCE_FAILED', message: error.message };
  }
  return { code: 'INFERENCE_FAILED', message: 'drawing failed; the server log says why' };
}
