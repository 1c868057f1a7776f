/**
 * Claims generations and carries them through the pool, a few at a time. Notifications wake it at once; it also
 * looks by itself, so a lost notification costs a second and never a generation.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { CanceledError, DeviceLostError, InferenceError } from '../inference/index.js';
import type { InferencePool } from '../inference/index.js';
import type { Log } from '../log.js';
import type { Storage } from '../storage/database.js';
import { isUnavailable } from '../storage/unavailable.js';
import type { FailureReason } from '../storage/records.js';
import type { GenerationRow } from '../storage/tables.js';
import { forTenant } from '../storage/tenantScope.js';
import { QualityNotReached, drawGeneration } from './drawing.js';
import { CHANNEL, QUEUED_SIGNAL, cancelSignal } from './events.js';
import { observeAttempt, observeEnd } from './observed.js';
import { ClaimLost, change, claim, expireLeases, handBack, renew, triedTooOften } from './queue.js';
import { StorageFailed } from './storing.js';
import { createSpeed } from './speed.js';
import { createWakeups } from './wakeups.js';
import { HEARTBEAT_MS, createPresence } from './workers.js';

/** Generations in the pool at a time: enough to fill its batches with small ones. */
const CONCURRENCY = 4;
/** … and this many where a tenant waits that has none in it: long work of one does not shut the others out. */
const MAXIMUM_CONCURRENCY = 32;
const POLL_MS = 1_000;
const PAUSE_MS = 15_000;
const LEASE_SECONDS = 30;

export interface Worker {
  /** Claims no more and hands back what it holds; samples that are done stay done. */
  stop(): Promise<void>;
}

export interface WorkerParts {
  readonly storage: Storage;
  readonly pool: InferencePool;
  readonly store: ArtifactStore;
  readonly log: Log;
  /** How long nothing is claimed after the disk was found full. @default 15 s */
  readonly pauseMs?: number;
  /** How long after its last sign of life another worker takes its work over. @default 30 */
  readonly leaseSeconds?: number;
}

export async function startWorker({
  storage,
  pool,
  store,
  log,
  pauseMs = PAUSE_MS,
  leaseSeconds = LEASE_SECONDS,
}: WorkerParts): Promise<Worker> {
  const { database } = storage;
  const presence = createPresence(database);
  const owner = presence.id;
  const holder = { owner, leaseSeconds };
  const speed = createSpeed();
  const bundles = pool.bundles.map(({ id }) => id);
  const held = new Map<string, { tenantId: string; abort: AbortController; done: Promise<void> }>();
  const wakeups = createWakeups();
  const unlisten = await storage.listen(CHANNEL, (id) => wakeups.ring(id));
  const bell = wakeups.bell(QUEUED_SIGNAL);
  let stopping = false;
  let pausedUntil = 0;
  if (storage.exclusive) await expireLeases(database);
  const beat = (): Promise<void> =>
    presence.beat(pool.devices(), speed.read(held.size > 0)).catch((error: unknown) => {
      log.warn({ err: error }, 'this worker could not be announced');
    });
  await beat();
  const heartbeat = setInterval(() => void beat(), HEARTBEAT_MS);

  async function loop(): Promise<void> {
    while (!stopping) {
      const heard = bell.next(POLL_MS);
      if (held.size >= MAXIMUM_CONCURRENCY) {
        await Promise.race([...held.values()].map(({ done }) => done));
        continue;
      }
      // What cannot be drawn, or not be stored, stays in the queue.
      if (!pool.canDraw() || Date.now() < pausedUntil) {
        await heard;
        continue;
      }
      const satisfied = held.size < CONCURRENCY ? [] : [...held.values()].map(({ tenantId }) => tenantId);
      const row = await claim(database, holder, [...held.keys()], { satisfied, bundles }).catch((error: unknown) => {
        log.error({ err: error }, 'claiming failed');
        return undefined;
      });
      if (row === undefined) await Promise.race([heard, ...[...held.values()].map(({ done }) => done)]);
      else if (stopping) await handBack(forTenant(database, row.tenantId), owner, row.id, STOPPED);
      else carry(row);
    }
  }

  function carry(row: GenerationRow): void {
    const abort = new AbortController();
    const claimBell = wakeups.bell(cancelSignal(row.id));
    const done = draw(row, abort.signal).finally(() => {
      claimBell.close();
      held.delete(row.id);
    });
    held.set(row.id, { tenantId: row.tenantId, abort, done });
    void watch();

    /** Stops drawing soon after a cancel; the fences keep the result right however late this comes. */
    async function watch(): Promise<void> {
      while (!claimBell.closed) {
        await claimBell.next((leaseSeconds * 1000) / 6);
        if (!claimBell.closed) await checkClaims();
      }
    }
  }

  async function checkClaims(): Promise<void> {
    const before = [...held];
    const kept = await renew(
      database,
      holder,
      before.map(([id]) => id),
    ).catch(() => undefined);
    if (kept === undefined) return;
    for (const [id, { abort }] of before) if (!kept.has(id)) abort.abort(new ClaimLost(id));
  }

  async function draw(row: GenerationRow, signal: AbortSignal): Promise<void> {
    const scope = forTenant(database, row.tenantId);
    const facts = { generation: row.id, tenant: row.tenantId, count: row.count, attempt: row.attempts };
    log.info(facts, 'generation claimed');
    try {
      await observeAttempt(row, holder, async () => {
        if (triedTooOften(row)) throw new TooManyAttempts();
        const drawn = (): void => speed.add(row.pixelSteps / row.count);
        await drawGeneration({ scope, row, owner, pool, store, signal, drawn });
      });
      log.info(facts, 'generation succeeded');
      observeEnd(row, 'succeeded');
    } catch (error) {
      if (error instanceof ClaimLost || signal.reason instanceof ClaimLost) {
        log.info(facts, 'generation canceled');
        observeEnd(row, 'canceled');
        return;
      }
      const ended = mustWait(error) ? handBack(scope, owner, row.id, whyItWaits(error)) : fail(row, error);
      await ended.catch((second: unknown) => {
        // The lease runs out, and the generation is taken up again, a bounded number of times.
        log.error({ ...facts, err: second }, 'the end of an attempt was not recorded');
      });
    }
  }

  /** What stands in the way is not the generation's fault and may pass: it goes on when there is a disk or a device again. */
  function mustWait(error: unknown): boolean {
    if (stopping) return true;
    if ((error instanceof StorageFailed && error.passing) || isUnavailable(error)) {
      log.error({ err: error }, `samples cannot be stored; nothing is claimed for ${String(pauseMs / 1000)} s`);
      pausedUntil = Date.now() + pauseMs;
      return true;
    }
    return error instanceof DeviceLostError && !pool.canDraw();
  }

  async function fail(row: GenerationRow, error: unknown): Promise<void> {
    log.error({ generation: row.id, tenant: row.tenantId, err: error }, 'generation failed');
    const failure = reasonOf(error, pool, row);
    const end = { status: 'FAILED', failure, finishedAt: new Date() } as const;
    const scope = forTenant(database, row.tenantId);
    await change(scope, owner, row.id, end, [{ type: 'GenerationFailed', failure }]);
    observeEnd(row, 'failed');
  }

  const looping = loop();
  return {
    async stop() {
      stopping = true;
      clearInterval(heartbeat);
      bell.close();
      for (const { abort } of held.values()) abort.abort();
      await Promise.all([looping, ...[...held.values()].map(({ done }) => done)]);
      wakeups.closeAll();
      await unlisten();
      await presence.leave().catch(() => undefined);
    },
  };
}

const STOPPED = 'the worker was stopped';

function whyItWaits(error: unknown): string {
  if (error instanceof StorageFailed && error.passing)
    return 'there was no room to store samples, or the store did not answer';
  return error instanceof DeviceLostError ? 'no device could draw' : STOPPED;
}

class TooManyAttempts extends Error {
  override readonly name = 'TooManyAttempts';
}

/** What the tenant is told: enough to act on, nothing of the machine's insides. */
function reasonOf(error: unknown, pool: InferencePool, row: GenerationRow): FailureReason {
  const { bundle } = row.settings;
  if (error instanceof TooManyAttempts) {
    return {
      code: 'TOO_MANY_ATTEMPTS',
      message: `given up after ${String(row.attempts - 1)} attempts that ended with the process`,
    };
  }
  if (!pool.bundles.some(({ id }) => id === bundle)) {
    return { code: 'MODEL_UNAVAILABLE', message: `model ${bundle} is no longer installed` };
  }
  if (error instanceof DeviceLostError) return { code: 'DEVICE_LOST', message: error.message };
  if (error instanceof QualityNotReached) return { code: 'QUALITY_NOT_REACHED', message: error.message };
  if (error instanceof StorageFailed) return { code: 'STORAGE_FAILED', message: 'the sample could not be stored' };
  if (error instanceof InferenceError && !(error instanceof CanceledError)) {
    return { code: 'INFERENCE_FAILED', message: error.message };
  }
  return { code: 'INFERENCE_FAILED', message: 'drawing failed; the server log says why' };
}
