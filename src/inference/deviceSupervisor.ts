/** Keeps the worker of one device running: starts it, watches it, restarts it with a growing delay, and gives up after repeated failures. */
import type { DeviceState, LogFunction } from './deviceInfo.js';
import { BundleError, DeviceLostError } from './errors.js';
import { startWatchdog } from './watchdog.js';
import type { DeviceProcess } from './deviceProcess.js';
import { startDeviceProcess } from './deviceProcess.js';
import type {
  ModelMessage,
  OpenError,
  ReadyMessage,
  SampleMessage,
  WorkerCommand,
  WorkerMessage,
} from './deviceProtocol.js';

/** How often in a row a worker may fail to open before its device is given up. */
const MAX_FAILED_OPENINGS = 3;
const FIRST_RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 10_000;

export interface DeviceSupervisor {
  /** Resolves when the first worker is ready. @throws BundleError, or DeviceLostError if the device is not available. */
  readonly opened: Promise<void>;
  state(): DeviceState;
  restarts(): number;
  pid(): number | undefined;
  /** Sends a command to the worker if it is ready. */
  send(command: WorkerCommand): void;
  close(): Promise<void>;
}

export interface SupervisorOptions {
  readonly device: string;
  /** A busy worker that is silent for this long is considered hung and is replaced. */
  readonly watchdogSeconds: number;
  readonly log: LogFunction;
  /** The command that opens the next worker. */
  openCommand(): WorkerCommand;
  /** The number of samples that the device has, and of adapters that it opens. */
  sampleCount(): number;
  onReady(message: ReadyMessage): void;
  onMessage(message: SampleMessage | ModelMessage): void;
  /** The worker died; the next one is about to start unless `onFailed` follows. */
  onExit(reason: string): void;
  /** The device is given up. */
  onFailed(error: BundleError | DeviceLostError): void;
}

export function superviseDevice(options: SupervisorOptions): DeviceSupervisor {
  const { device, watchdogSeconds, log } = options;
  let state: DeviceState = 'STARTING';
  let worker: DeviceProcess | null = null;
  let restarts = 0;
  let failedOpenings = 0;
  let restartTimer: NodeJS.Timeout | undefined;
  const opening = Promise.withResolvers<undefined>();

  const watchdog = startWatchdog(
    watchdogSeconds,
    () => worker !== null && (state !== 'READY' || options.sampleCount() > 0),
    () => worker?.kill(`said nothing for ${String(watchdogSeconds)} s and was killed`),
  );

  const start = (): void => {
    worker = startDeviceProcess(onMessage, onExit);
    worker.send(options.openCommand());
  };

  const onMessage = (message: WorkerMessage): void => {
    watchdog.reset();
    if (message.kind === 'ready') onReady(message);
    else if (message.kind === 'openFailed') onOpenFailed(message.error);
    else options.onMessage(message);
  };

  const onReady = (message: ReadyMessage): void => {
    failedOpenings = 0;
    state = 'READY';
    const { provider, precisions, capacities } = message;
    log('info', `device ${device} is ready`, {
      provider,
      pid: worker?.pid,
      bundles: capacities.map(({ bundle }) => bundle),
      precisions,
      rows: capacities.map(({ rows }) => rows),
      restarts,
    });
    options.onReady(message);
    opening.resolve(undefined);
  };

  const onOpenFailed = (error: OpenError): void => {
    if (error.at === 'bundle') giveUp(new BundleError(error.file, error.problems));
    else if (state === 'STARTING') giveUp(new DeviceLostError(error.message));
    else {
      // The device was available before. The cause may pass, as when the worker that died still holds the GPU.
      void worker?.stop();
      onExit(`could not open again: ${error.message}`);
    }
  };

  const onExit = (reason: string): void => {
    worker = null;
    failedOpenings = state === 'READY' ? 0 : failedOpenings + 1;
    log('error', `the worker of device ${device} ${reason}`, { samples: options.sampleCount() });
    options.onExit(reason);
    if (failedOpenings >= MAX_FAILED_OPENINGS) {
      const times = `${String(failedOpenings)} times in a row`;
      giveUp(new DeviceLostError(`the worker of device ${device} ${reason} while it opened, ${times}`));
      return;
    }
    if (state !== 'STARTING') state = 'RESTARTING';
    restarts++;
    restartTimer = setTimeout(start, Math.min(MAX_RESTART_DELAY_MS, FIRST_RESTART_DELAY_MS * 2 ** failedOpenings));
  };

  const giveUp = (error: BundleError | DeviceLostError): void => {
    state = 'FAILED';
    watchdog.stop();
    log('error', `giving up on device ${device}: ${error.message}`);
    void worker?.stop();
    worker = null;
    opening.reject(error);
    options.onFailed(error);
  };

  // The caller that awaits it handles the rejection. Later failures are reported through the samples and the state.
  opening.promise.catch(() => undefined);
  start();

  return {
    opened: opening.promise,
    state: () => state,
    restarts: () => restarts,
    pid: () => worker?.pid,
    send(command) {
      if (state === 'READY') worker?.send(command);
    },
    async close() {
      clearTimeout(restartTimer);
      watchdog.stop();
      const last = worker;
      worker = null;
      await last?.stop();
    },
  };
}
