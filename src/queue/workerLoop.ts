/**
 * The loop of every worker: claims rows, works on several at a time, renews their leases, and records how each attempt ended.
 * A notification of the database wakes it at once. It also polls, so a lost notification costs a second and never a row.
 */
import type { Log } from '../log.js';
import type { Database, Storage } from '../storage/database.js';
import type { Lease, LeaseHolder } from './lease.js';
import { ClaimLostError } from './lease.js';
import { createWaiters } from './waiters.js';

const POLL_MS = 1_000;

export interface WorkerLoop {
  /**
   * Claims no more. Attempts that do not end within the grace period are aborted and released.
   * Resolves when nothing is running any more.
   */
  stop(): Promise<void>;
}

export interface Work<T> {
  /** What the log calls one row, such as "export". */
  readonly name: string;
  readonly storage: Storage;
  readonly log: Log;
  /** The channel of notifications. */
  readonly channel: string;
  /** What a notification means: there may be something to claim, or a lease may be lost. @default 'CLAIM' */
  readonly onNotification?: (payload: string, isRunning: (id: string) => boolean) => 'CLAIM' | 'RENEW' | undefined;
  /** How many more rows may be claimed now. */
  capacity(running: readonly T[]): number;
  claim(most: number, running: readonly T[]): Promise<readonly T[]>;
  idOf(item: T): string;
  logContext(item: T): object;
  /** One attempt. Records its success itself. */
  run(item: T, signal: AbortSignal): Promise<void>;
  /** Gives a claim back unharmed, because the worker stops. */
  release(item: T): Promise<void>;
  /** Records the end of an attempt that threw: releases, retries or fails the row. */
  fail(item: T, error: unknown): Promise<void>;
  /** The row was canceled, or another worker took it. */
  lost?(item: T): void;
  readonly lease: Lease;
  /** Ends the leases of processes that are gone, at the start of the only process that can have the database open. */
  readonly expireLeases?: (database: Database) => Promise<void>;
  readonly holder: LeaseHolder;
  /** How often the leases are renewed. Without it, a lease outlives every attempt. */
  readonly heartbeatMs?: number;
  /** Renews the leases and records progress; returns the ids that are still held. @default renews the leases */
  renew?(running: readonly T[]): Promise<ReadonlySet<string>>;
  /** How long attempts may go on after a stop. @default 0 */
  readonly graceMs?: number;
}

interface RunningAttempt<T> {
  readonly item: T;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export async function startWorkerLoop<T>(work: Work<T>): Promise<WorkerLoop> {
  const { name, storage, log, channel, onNotification = () => 'CLAIM', lease, holder, graceMs = 0 } = work;
  const { expireLeases = lease.expireAll } = work;
  const attempts = new Map<string, RunningAttempt<T>>();
  const waiters = createWaiters();
  const waiter = waiters.waiter(channel);
  let stopping = false;
  let renewing = Promise.resolve();
  let renewalIsDue = false;

  const running = (): T[] => [...attempts.values()].map(({ item }) => item);
  const wake = (): void => waiters.notify(channel);
  /** A renewal that has not begun yet serves every request for one. */
  const renew = (): void => {
    if (renewalIsDue) return;
    renewalIsDue = true;
    renewing = renewing.then(() => {
      renewalIsDue = false;
      return renewAll();
    });
  };
  const unlisten = await storage.listen(channel, (payload) => {
    const meaning = onNotification(payload, (id) => attempts.has(id));
    if (meaning === 'CLAIM') wake();
    if (meaning === 'RENEW') renew();
  });
  const timer = work.heartbeatMs === undefined ? undefined : setInterval(renew, work.heartbeatMs);
  if (storage.exclusive) await expireLeases(storage.database);

  async function loop(): Promise<void> {
    while (!stopping) {
      const woken = waiter.next(POLL_MS);
      const claimed = await claim();
      for (const item of claimed) start(item);
      if (claimed.length === 0) await woken;
    }
  }

  async function claim(): Promise<readonly T[]> {
    const capacity = work.capacity(running());
    if (capacity <= 0) return [];
    try {
      return await work.claim(capacity, running());
    } catch (error) {
      log.error({ err: error }, `claiming failed: ${name}`);
      return [];
    }
  }

  function start(item: T): void {
    const id = work.idOf(item);
    const abort = new AbortController();
    // An item that was claimed during the stop is released by its attempt.
    if (stopping) abort.abort(new Error('the worker is stopping'));
    const started: RunningAttempt<T> = {
      item,
      abort,
      done: attempt(item, abort.signal).finally(() => {
        // The same row may have been claimed again already.
        if (attempts.get(id) === started) attempts.delete(id);
        wake();
      }),
    };
    attempts.set(id, started);
  }

  async function attempt(item: T, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      await work.run(item, signal);
    } catch (error) {
      await end(item, error, signal).catch((second: unknown) => {
        // The lease runs out, and the row is claimed again.
        log.error({ ...work.logContext(item), err: second }, `the end of an attempt was not recorded: ${name}`);
      });
    }
  }

  async function end(item: T, error: unknown, signal: AbortSignal): Promise<void> {
    if (error instanceof ClaimLostError || signal.reason instanceof ClaimLostError) {
      log.info(work.logContext(item), `${name} canceled, or taken over by another worker`);
      work.lost?.(item);
    } else if (signal.aborted) await work.release(item);
    else await work.fail(item, error);
  }

  async function renewAll(): Promise<void> {
    const before = [...attempts];
    if (before.length === 0) return;
    const renewed =
      work.renew?.(before.map(([, { item }]) => item)) ??
      lease.renew(
        storage.database,
        holder,
        before.map(([id]) => id),
      );
    // A database that is away says nothing about who holds a row: the fences decide.
    const kept = await renewed.catch(() => undefined);
    if (kept === undefined) return;
    for (const [id, { abort }] of before) if (!kept.has(id)) abort.abort(new ClaimLostError(`${id} is no longer held`));
  }

  const looping = loop();
  return {
    async stop() {
      stopping = true;
      wake();
      const stopAttempts = (): void => {
        for (const { abort } of attempts.values()) abort.abort(new Error('the worker is stopping'));
      };
      const grace = graceMs === 0 ? void stopAttempts() : setTimeout(stopAttempts, graceMs);
      await looping;
      await Promise.all([...attempts.values()].map(({ done }) => done));
      clearTimeout(grace);
      clearInterval(timer);
      await renewing;
      waiter.close();
      await unlisten();
    },
  };
}
