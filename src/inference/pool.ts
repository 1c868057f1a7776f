/**
 * The engine as the rest of the program sees it: requests go in, pictures come out, whichever device draws them and
 * however often its worker dies.
 */
import { loadBundles } from './bundle/load.js';
import type { Bundle } from './bundle/manifest.js';
import type { Device, DeviceInfo, Log, StepFigure } from './device.js';
import { openDevice } from './device.js';
import type { Draw, DrawListener } from './draw.js';
import { startDraw } from './draw.js';
import { BundleError, CanceledError, DeviceLostError, InferenceError } from './errors.js';
import { requireDrawable } from './requests.js';
import type { SampleRequest } from './types.js';

export interface InferencePool {
  /** The verified bundles. */
  readonly bundles: readonly Bundle[];
  devices(): readonly DeviceInfo[];
  /** False when every device has been given up: nothing can be drawn until the process is started again. */
  canDraw(): boolean;
  /**
   * Draws every request; resolves when all are delivered.
   * @throws InferenceError when a request cannot be drawn; nothing of the list is drawn further then.
   * @throws CanceledError once `signal` is aborted and the device has let go of the samples, within a step.
   * @throws DeviceLostError when a sample outlived too many device workers, or no device is left.
   */
  draw(requests: readonly SampleRequest[], listener: DrawListener, signal?: AbortSignal): Promise<void>;
  /** Ends the device workers. What is still being drawn is rejected. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly modelsDirectory: string;
  /** Each gets a worker: `cpu`, `cuda:N`, `webgpu`. Those that this machine does not have are reported as FAILED. @default ['cpu'] */
  readonly devices?: readonly string[];
  /**
   * How many rows one evaluation of the denoiser may have; a sample of Eq. 4 has three.
   * @default what pays, measured when a device is opened with a bundle for the first time
   */
  readonly maximumRows?: number | null;
  /** Where that is remembered; without it, it is measured each time. */
  readonly calibrationDirectory?: string | null;
  readonly log?: Log;
  /** Hears of every step, about a second late. */
  readonly stepped?: (figure: StepFigure) => void;
}

/**
 * Verifies the bundles and starts the devices; resolves when at least one is ready and each of the others has failed.
 * @throws BundleError when a bundle is not sound. @throws DeviceLostError when there is no device.
 */
export async function openPool(options: PoolOptions): Promise<InferencePool> {
  const {
    modelsDirectory,
    devices: names = ['cpu'],
    maximumRows = null,
    calibrationDirectory = null,
    log = () => undefined,
    stepped = () => undefined,
  } = options;
  if (maximumRows !== null && (!Number.isInteger(maximumRows) || maximumRows < 1))
    throw new InferenceError(`maximumRows must be a whole number above 0, got ${String(maximumRows)}`);
  const bundles = await loadBundles(modelsDirectory);
  const batching = { maximumRows, calibrationDirectory };
  const devices = names.map((name) => openDevice(name, bundles, batching, log, stepped));
  const outcomes = await Promise.allSettled(devices.map((device) => device.opened));
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  const unsound = reasons.find((reason) => reason instanceof BundleError);
  if (unsound !== undefined || reasons.length === devices.length) {
    await Promise.all(devices.map((device) => device.close()));
    throw (
      unsound ??
      new DeviceLostError(
        `no device could be opened. ${reasons.map((reason, i) => `${names[i] ?? ''}: ${reason.message}`).join('; ')}`,
      )
    );
  }
  return poolOf(bundles, devices);
}

function poolOf(bundles: readonly Bundle[], devices: readonly Device[]): InferencePool {
  const inFlight = new Set<string>();
  const draws = new Set<Draw>();
  let closing: Promise<void> | undefined;

  const requireFreeIds = (ids: readonly string[]): void => {
    const seen = new Set<string>();
    for (const id of ids) {
      if (inFlight.has(id) || seen.has(id)) {
        throw new InferenceError(`sample id "${id}" is in flight already; ids must be unique`);
      }
      seen.add(id);
    }
  };

  return {
    bundles,
    devices: () => devices.map((device) => device.info()),
    canDraw: () => devices.some((device) => device.info().state !== 'FAILED'),

    async draw(requests, listener, signal) {
      if (closing !== undefined) throw new InferenceError('the pool is closed');
      if (signal?.aborted === true) throw new CanceledError('canceled before it began', { cause: signal.reason });
      const ids = requests.map(({ id }) => id);
      for (const request of requests) requireDrawable(request, bundles);
      requireFreeIds(ids);

      const draw = startDraw(requests, devices, listener);
      const onAbort = (): void => draw.giveUp(new CanceledError('canceled', { cause: signal?.reason }));
      for (const id of ids) inFlight.add(id);
      draws.add(draw);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        await draw.done;
      } finally {
        signal?.removeEventListener('abort', onAbort);
        draws.delete(draw);
        for (const id of ids) inFlight.delete(id);
      }
    },

    close() {
      closing ??= (async () => {
        for (const draw of [...draws]) draw.abandon(new InferenceError('the pool was closed'));
        await Promise.all(devices.map((device) => device.close()));
      })();
      return closing;
    },
  };
}
