/**
 * One device of the pool: the samples that are its own, and a worker process that is started again when it dies.
 *
 * A sample is the device's from `add` until it is delivered, fails or is removed. When the worker dies, every one of them
 * starts again; those that were being drawn have used up one attempt, so a sample that kills its worker cannot do so for ever.
 */
import type { Bundle, Precision } from './bundle/manifest.js';
import type { Capacity } from './capacity.js';
import { ROWS_PER_SAMPLE, capBudget, halveBudgets, fixedCapacities } from './capacity.js';
import type { WorkerProcess } from './workerProcess.js';
import { startWorkerProcess } from './workerProcess.js';
import { BundleError, DeviceLostError } from './errors.js';
import { isOutOfMemoryMessage } from './outOfMemory.js';
import type { WorkerMessage, StepMetrics } from './workerProtocol.js';
import { startWatchdog } from './watchdog.js';
import type { PendingSample } from './pendingSample.js';

export type DeviceState = 'STARTING' | 'READY' | 'RESTARTING' | 'FAILED';

export interface DeviceInfo {
  /** As it was asked for: `cpu`, `cuda:N`, `webgpu`. */
  readonly device: string;
  /** What is live; empty until the worker has opened. */
  readonly provider: string;
  readonly bundles: readonly string[];
  readonly state: DeviceState;
  readonly restarts: number;
  /** Times that memory ran out: steps that were tried again in halves, samples that failed, workers that the kernel may have killed for it. */
  readonly outOfMemory: number;
  /** How much it takes at a time of each bundle, and how fast that was at the start; empty until the worker has opened. */
  readonly capacities: readonly Capacity[];
  /** The arithmetic that each bundle's denoiser is run in, by the bundle's id; empty until the worker has opened. */
  readonly precisions: Readonly<Record<string, Precision>>;
  /** The live worker process, to be found in the system's own tools. */
  readonly pid: number | undefined;
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, details?: object) => void;

/** A sample in a device's hands. */
export interface Task extends PendingSample {
  readonly key: number;
  /** How often a worker has died while it drew the sample, on whatever device. */
  attempts: number;
  /** Its worker has died, and it may be drawn by another device. */
  returned(): void;
}

/** What the pool wants to hear of a device. */
export interface DeviceListener {
  readonly log: Log;
  stepped(step: StepMetrics): void;
  /** It is ready, again, or is given up, or takes fewer rows at a time. */
  changed(): void;
  /** Whether samples wait for the next worker when theirs has died, as where there is no other device. */
  keepsSamples(): boolean;
}

/** How a device draws. */
export interface DeviceSettings {
  /** The arithmetic to choose where a bundle has it; `null` for what suits the device. */
  readonly precision: Precision | null;
  /** Of each evaluation; `null` to measure what pays. */
  readonly maximumRows: number | null;
  /** Where measured capacities are kept; `null` to measure anew each time. */
  readonly calibrationDirectory: string | null;
  /** A worker that is opening or drawing and says nothing for so long is taken for hung, and replaced. */
  readonly watchdogSeconds: number;
}

/** How often a sample may be in the hands of a worker that dies before it is given up. */
const MAXIMUM_ATTEMPTS = 3;
/** How often in a row a worker may fail to open before its device is given up. */
const MAXIMUM_FAILED_OPENINGS = 3;
const FIRST_RESTART_MS = 100;
const SLOWEST_RESTART_MS = 10_000;

export interface Device {
  info(): DeviceInfo;
  add(task: Task): void;
  /** Each of these tasks hears `canceled`, at once if no worker has it. */
  cancel(tasks: readonly Task[]): void;
  /** Resolves when the first worker is ready. @throws BundleError, or DeviceLostError where the device cannot be had. */
  opened: Promise<void>;
  close(): Promise<void>;
}

interface Held {
  readonly task: Task;
  inWork: boolean;
  canceled: boolean;
}

export function openDevice(
  name: string,
  bundles: readonly Bundle[],
  { precision, maximumRows, calibrationDirectory, watchdogSeconds }: DeviceSettings,
  { log, stepped, changed, keepsSamples }: DeviceListener,
): Device {
  const held = new Map<number, Held>();
  let state: DeviceState = 'STARTING';
  let provider = '';
  let restarts = 0;
  let outOfMemory = 0;
  let failedOpenings = 0;
  /** Known to the next worker too: what was measured, less what memory did not hold. */
  let capacities = maximumRows === null ? [] : fixedCapacities(maximumRows, bundles);
  let precisions: DeviceInfo['precisions'] = {};
  let worker: WorkerProcess | null = null;
  let restartTimer: NodeJS.Timeout | undefined;
  const opening = Promise.withResolvers<undefined>();

  const start = (): void => {
    worker = startWorkerProcess(hear, died);
    worker.send({ kind: 'open', device: name, bundles, precision, capacities, calibrationDirectory });
  };

  const watch = startWatchdog(
    watchdogSeconds,
    () => worker !== null && (state !== 'READY' || held.size > 0),
    () => worker?.kill(`said nothing for ${String(watchdogSeconds)} s and was killed`),
  );

  const hear = (message: WorkerMessage): void => {
    watch.reset();
    switch (message.kind) {
      case 'ready':
        failedOpenings = 0;
        ({ provider, capacities, precisions } = message);
        state = 'READY';
        log('info', `device ${name} is ready`, {
          provider,
          pid: worker?.pid,
          bundles: bundles.map(({ id }) => id),
          precisions,
          rows: capacities.map(({ rows }) => rows),
          restarts,
        });
        for (const { task } of held.values()) worker?.send({ kind: 'draw', key: task.key, request: task.request });
        opening.resolve(undefined);
        changed();
        return;
      case 'refused':
        if (message.error.at === 'bundle') giveUp(new BundleError(message.error.file, message.error.problems));
        else if (state === 'STARTING') giveUp(new DeviceLostError(message.error.message));
        else {
          // It was there before: what keeps it away now may pass, as when a GPU is still held by the worker that died.
          void worker?.stop();
          died(`could not open again: ${message.error.message}`);
        }
        return;
      case 'canceled':
        for (const key of message.keys) take(key)?.task.canceled();
        return;
      case 'started': {
        const sample = held.get(message.key);
        if (sample === undefined) return;
        sample.inWork = true;
        if (!sample.canceled) sample.task.started();
        return;
      }
      case 'progress': {
        const sample = held.get(message.key);
        if (sample?.canceled === false) sample.task.progress(message.step, message.steps);
        return;
      }
      case 'sample':
        take(message.key)?.task.delivered(message.result);
        return;
      case 'failed':
        if (isOutOfMemoryMessage(message.message)) outOfMemory++;
        take(message.key)?.task.failed(message.message);
        return;
      case 'reduced': {
        outOfMemory++;
        const { bundle, rows, pictures } = message;
        if (rows !== undefined)
          capacities = capacities.map((one) => (one.bundle === bundle ? { ...one, ...capBudget(one, rows) } : one));
        log('warn', `device ${name} ran out of memory, and takes less at a time from now on`, {
          bundle,
          rows,
          pictures,
        });
        changed();
        return;
      }
      case 'stats':
        message.steps.forEach(stepped);
        return;
    }
  };

  const take = (key: number): Held | undefined => {
    const sample = held.get(key);
    held.delete(key);
    return sample;
  };

  const died = (reason: string): void => {
    worker = null;
    const wasOpen = state === 'READY';
    log('error', `the worker of device ${name} ${reason}`, { samples: held.size });
    blame(reason);
    if (isOutOfMemoryMessage(reason)) {
      outOfMemory++;
      // If it had not told yet, it may have died of the measuring: a sample at a time, unmeasured.
      capacities = capacities.length > 0 ? halveBudgets(capacities) : fixedCapacities(ROWS_PER_SAMPLE, bundles);
    }
    failedOpenings = wasOpen ? 0 : failedOpenings + 1;
    if (failedOpenings >= MAXIMUM_FAILED_OPENINGS) {
      giveUp(
        new DeviceLostError(
          `the worker of device ${name} ${reason} while it opened, ${String(failedOpenings)} times in a row`,
        ),
      );
      return;
    }
    if (state !== 'STARTING') state = 'RESTARTING';
    restarts++;
    restartTimer = setTimeout(start, Math.min(SLOWEST_RESTART_MS, FIRST_RESTART_MS * 2 ** failedOpenings));
  };

  /** Those in work used up an attempt. Where the worker had no time to say which those were, it may have been any. */
  const blame = (reason: string): void => {
    const all = [...held.values()];
    const inWork = all.filter((sample) => sample.inWork);
    for (const sample of inWork.length > 0 ? inWork : all) sample.task.attempts++;
    for (const sample of all) {
      sample.inWork = false;
      if (sample.canceled) take(sample.task.key)?.task.canceled();
      else if (sample.task.attempts >= MAXIMUM_ATTEMPTS) {
        take(sample.task.key)?.task.lost(
          new DeviceLostError(
            `the worker of device ${name} ${reason}; it died ${String(sample.task.attempts)} times while it drew this sample, which is given up`,
          ),
        );
      } else if (!keepsSamples()) take(sample.task.key)?.task.returned();
    }
  };

  const giveUp = (error: BundleError | DeviceLostError): void => {
    state = 'FAILED';
    watch.stop();
    log('error', `device ${name} is given up: ${error.message}`);
    void worker?.stop();
    worker = null;
    opening.reject(error);
    const lost = error instanceof DeviceLostError ? error : new DeviceLostError(error.message, { cause: error });
    for (const sample of [...held.values()]) take(sample.task.key)?.task.lost(lost);
    changed();
  };

  // Whoever awaits it hears of it; a later failure to restart is told through the tasks and the state.
  opening.promise.catch(() => undefined);
  start();

  return {
    opened: opening.promise,
    info: () => ({
      device: name,
      provider,
      bundles: bundles.map(({ id }) => id),
      state,
      restarts,
      outOfMemory,
      capacities,
      precisions,
      pid: worker?.pid,
    }),
    add(task) {
      held.set(task.key, { task, inWork: false, canceled: false });
      if (state === 'READY') worker?.send({ kind: 'draw', key: task.key, request: task.request });
    },
    cancel(tasks) {
      const own = tasks.flatMap(({ key }) => held.get(key) ?? []);
      for (const sample of own) sample.canceled = true;
      if (state === 'READY') worker?.send({ kind: 'cancel', keys: own.map(({ task }) => task.key) });
      else for (const sample of own) take(sample.task.key)?.task.canceled();
    },
    async close() {
      clearTimeout(restartTimer);
      watch.stop();
      const last = worker;
      worker = null;
      await last?.stop();
    },
  };
}
