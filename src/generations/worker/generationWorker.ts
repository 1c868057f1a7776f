/**
 * Claims generations and carries them through the pool, a few at a time. Notifications wake it at once; it also
 * looks by itself, so a lost notification costs a second and never a generation.
 */
import type { ArtifactStore } from '../../artifacts/store.js';
import { CanceledError, DeviceLostError, InferenceError } from '../../inference/index.js';
import type { Engine } from '../../inference/index.js';
import type { Log } from '../../log.js';
import type { Storage } from '../../storage/database.js';
import { isDatabaseUnavailable } from '../../storage/databaseErrors.js';
import type { GenerationFailure } from '../../storage/jsonColumns.js';
import type { GenerationRow } from '../../storage/tables.js';
import { forTenant } from '../../storage/tenantScope.js';
import { QualityNotReachedError, runGeneration } from './runGeneration.js';
import { GENERATION_CHANNEL, QUEUED_SIGNAL, cancelSignal } from '../events/generationEvents.js';
import { traceAttempt, recordOutcome } from './telemetry.js';
import {
  ClaimLostError,
  updateClaimed,
  claimGeneration,
  expireLeases,
  releaseGeneration,
  renewLeases,
  attemptsExhausted,
} from './claimGeneration.js';
import { StorageFailedError } from '../samples/persistSample.js';
import { createThroughputMeter } from './throughput.js';
import { createWaiters } from '../../queue/waiters.js';
import { HEARTBEAT_MS, registerWorker } from './workerRegistry.js';

/** Generations in the pool at a time: enough to fill its batches with small ones. */
const CONCURRENCY = 4;
/** … and this many where a tenant waits that has none in it: long work of one does not shut the others out. */
const MAXIMUM_CONCURRENCY = 32;
const POLL_MS = 1_000;
const PAUSE_MS = 15_000;
const LEASE_SECONDS = 30;

export interface GenerationWorker {
  /** Claims no more and hands back what it holds; samples that are done stay done. */
  stop(): Promise<void>;
}

export interface GenerationWorkerOptions {
  readonly storage: Storage;
  readonly pool: Engine;
  readonly store: ArtifactStore;
  readonly log: Log;
  /** How long nothing is claimed after the disk was found full. @default 15 s */
  readonly pauseMs?: number;
  /** How long after its last sign of life another worker takes its work over. @default 30 */
  readonly leaseSeconds?: number;
}

export async function startGenerationWorker({
  storage,
  pool,
  store,
  log,
  pauseMs = PAUSE_MS,
  leaseSeconds = LEASE_SECONDS,
}: GenerationWorkerOptions): Promise<GenerationWorker> {
  const { database } = storage;
  const presence = registerWorker(database);
  const owner = presence.id;
  const holder = { owner, leaseSeconds };
  const speed = createThroughputMeter();
  const bundles = pool.bundles.map(({ id }) => id);
  const held = new Map<string, { tenantId: string; abort: AbortController; done: Promise<void> }>();
  const waiters = createWaiters();
  const unlisten = await storage.listen(GENERATION_CHANNEL, (id) => waiters.notify(id));
  const waiter = waiters.waiter(QUEUED_SIGNAL);
  let stopping = false;
  let pausedUntil = 0;
  if (storage.exclusive) await expireLeases(database);
  const beat = (): Promise<void> =>
    presence.heartbeat(pool.devices(), speed.read(held.size > 0)).catch((error: unknown) => {
      log.warn({ err: error }, 'this worker could not be announced');
    });
  await beat();
  const heartbeat = setInterval(() => void beat(), HEARTBEAT_MS);

  async function loop(): Promise<void> {
    while (!stopping) {
      const heard = waiter.next(POLL_MS);
      if (held.size >= MAXIMUM_CONCURRENCY) {
        await Promise.race([...held.values()].map(({ done }) => done));
        continue;
      }
      // What cannot be drawn, or not be stored, stays in the queue.
      if (!pool.canGenerate() || Date.now() < pausedUntil) {
        await heard;
        continue;
      }
      const satisfied = held.size < CONCURRENCY ? [] : [...held.values()].map(({ tenantId }) => tenantId);
      const row = await claimGeneration(database, holder, [...held.keys()], {
        excludedTenants: satisfied,
        bundles,
      }).catch((error: unknown) => {
        log.error({ err: error }, 'claiming failed');
        return undefined;
      });
      if (row === undefined) await Promise.race([heard, ...[...held.values()].map(({ done }) => done)]);
      else if (stopping) await releaseGeneration(forTenant(database, row.tenantId), owner, row.id, STOPPED);
      else carry(row);
    }
  }

  function carry(row: GenerationRow): void {
    const abort = new AbortController();
    const claimWaiter = waiters.waiter(cancelSignal(row.id));
    const done = draw(row, abort.signal).finally(() => {
      claimWaiter.close();
      held.delete(row.id);
    });
    held.set(row.id, { tenantId: row.tenantId, abort, done });
    void watch();

    /** Stops drawing soon after a cancel; the fences keep the result right however late this comes. */
    async function watch(): Promise<void> {
      while (!claimWaiter.closed) {
        await claimWaiter.next((leaseSeconds * 1000) / 6);
        if (!claimWaiter.closed) await checkClaims();
      }
    }
  }

  async function checkClaims(): Promise<void> {
    const before = [...held];
    const kept = await renewLeases(
      database,
      holder,
      before.map(([id]) => id),
    ).catch(() => undefined);
    if (kept === undefined) return;
    for (const [id, { abort }] of before) if (!kept.has(id)) abort.abort(new ClaimLostError(id));
  }

  async function draw(row: GenerationRow, signal: AbortSignal): Promise<void> {
    const scope = forTenant(database, row.tenantId);
    const facts = { generation: row.id, tenant: row.tenantId, count: row.count, attempt: row.attempts };
    log.info(facts, 'generation claimed');
    try {
      await traceAttempt(row, holder, async () => {
        if (attemptsExhausted(row)) throw new TooManyAttemptsError();
        const drawn = (): void => speed.add(row.pixelSteps / row.count);
        await runGeneration({ scope, row, owner, pool, store, signal, onSampleDrawn: drawn });
      });
      log.info(facts, 'generation succeeded');
      recordOutcome(row, 'succeeded');
    } catch (error) {
      if (error instanceof ClaimLostError || signal.reason instanceof ClaimLostError) {
        log.info(facts, 'generation canceled');
        recordOutcome(row, 'canceled');
        return;
      }
      const ended = isTransient(error)
        ? releaseGeneration(scope, owner, row.id, handBackReason(error))
        : fail(row, error);
      await ended.catch((second: unknown) => {
        // The lease runs out, and the generation is taken up again, a bounded number of times.
        log.error({ ...facts, err: second }, 'the end of an attempt was not recorded');
      });
    }
  }

  /** What stands in the way is not the generation's fault and may pass: it goes on when there is a disk or a device again. */
  function isTransient(error: unknown): boolean {
    if (stopping) return true;
    if ((error instanceof StorageFailedError && error.transient) || isDatabaseUnavailable(error)) {
      log.error({ err: error }, `samples cannot be stored; nothing is claimed for ${String(pauseMs / 1000)} s`);
      pausedUntil = Date.now() + pauseMs;
      return true;
    }
    return error instanceof DeviceLostError && !pool.canGenerate();
  }

  async function fail(row: GenerationRow, error: unknown): Promise<void> {
    log.error({ generation: row.id, tenant: row.tenantId, err: error }, 'generation failed');
    const failure = failureReason(error, pool, row);
    const end = { status: 'FAILED', failure, finishedAt: new Date() } as const;
    const scope = forTenant(database, row.tenantId);
    await updateClaimed(scope, owner, row.id, end, [{ type: 'GenerationFailed', failure }]);
    recordOutcome(row, 'failed');
  }

  const looping = loop();
  return {
    async stop() {
      stopping = true;
      clearInterval(heartbeat);
      waiter.close();
      for (const { abort } of held.values()) abort.abort();
      await Promise.all([looping, ...[...held.values()].map(({ done }) => done)]);
      waiters.closeAll();
      await unlisten();
      await presence.unregister().catch(() => undefined);
    },
  };
}

const STOPPED = 'the worker was stopped';

function handBackReason(error: unknown): string {
  if (error instanceof StorageFailedError && error.transient)
    return 'there was no room to store samples, or the store did not answer';
  return error instanceof DeviceLostError ? 'no device could draw' : STOPPED;
}

class TooManyAttemptsError extends Error {
  override readonly name = 'TooManyAttempts';
}

/** What the tenant is told: enough to act on, nothing of the machine's insides. */
function failureReason(error: unknown, pool: Engine, row: GenerationRow): GenerationFailure {
  const { bundle } = row.settings;
  if (error instanceof TooManyAttemptsError) {
    return {
      code: 'TOO_MANY_ATTEMPTS',
      message: `given up after ${String(row.attempts - 1)} attempts that ended with the process`,
    };
  }
  if (!pool.bundles.some(({ id }) => id === bundle)) {
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
