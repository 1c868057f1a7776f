/**
 * The engine as the rest of the program sees it: requests go in, pictures come out, whichever device draws them and
 * however often its worker dies.
 */
import { loadBundles } from './bundle/load.js';
import type { Bundle, Manifest, Precision } from './bundle/manifest.js';
import type { Device, DeviceInfo, Log } from './device.js';
import { createDispatch } from './dispatcher.js';
import type { Draw, DrawListener } from './draw.js';
import { startDraw } from './draw.js';
import { BundleError, CanceledError, DeviceLostError, InferenceError } from './errors.js';
import { joinIdentical } from './deduplication.js';
import type { OpenedPost } from './post.js';
import { openPost } from './post.js';
import type { StepMetrics } from './workerProtocol.js';
import { validateRequest } from './validateRequest.js';
import type { SampleRequest } from './types.js';
import type { Dispatch } from './pendingSample.js';

export interface Engine {
  /** The verified bundles. */
  readonly bundles: readonly Bundle[];
  devices(): readonly DeviceInfo[];
  /** False when every device has been given up: nothing can be drawn until the process is started again. */
  canGenerate(): boolean;
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

export interface EngineOptions {
  readonly modelsDirectory: string;
  /** Each gets a worker: `cpu`, `cuda:N`, `webgpu`. Those that this machine does not have are reported as FAILED. @default ['cpu'] */
  readonly devices?: readonly string[];
  /** The arithmetic to choose where a bundle has it. @default what suits the device */
  readonly precision?: Precision | null;
  /**
   * How many rows one evaluation of the denoiser may have; a sample of Eq. 4 has three.
   * @default what pays, measured when a device is opened with a bundle for the first time
   */
  readonly maximumRows?: number | null;
  /** Where that is remembered; without it, it is measured each time. */
  readonly calibrationDirectory?: string | null;
  /**
   * A device worker that is opening or drawing and says nothing for so long is taken for hung, and replaced. An evaluation of the
   * denoiser, a decoding and the reading of a model must be shorter.
   * @default 600
   */
  readonly watchdogSeconds?: number;
  readonly log?: Log;
  /** Hears of every step, about a second late. */
  readonly onStep?: (figure: DeviceStep) => void;
}

/** One step that a device made. */
export interface DeviceStep extends StepMetrics {
  readonly device: string;
}

/**
 * Verifies the bundles and starts the devices; resolves when at least one is ready and each of the others has failed.
 * @throws BundleError when a bundle is not sound. @throws DeviceLostError when there is no device.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const {
    modelsDirectory,
    devices: names = ['cpu'],
    precision = null,
    maximumRows = null,
    calibrationDirectory = null,
    watchdogSeconds = 600,
    log = () => undefined,
    onStep = () => undefined,
  } = options;
  if (maximumRows !== null && (!Number.isInteger(maximumRows) || maximumRows < 1))
    throw new InferenceError(`maximumRows must be a whole number above 0, got ${String(maximumRows)}`);
  const bundles = await loadBundles(modelsDirectory);
  const settings = { precision, maximumRows, calibrationDirectory, watchdogSeconds };
  // Nothing is drawn before the devices have opened.
  let look = (): void => undefined;
  const posts: readonly OpenedPost[] = names.map((name) =>
    openPost(name, bundles, settings, {
      log,
      stepped(step) {
        onStep({ device: name, ...step });
        look();
      },
      changed: () => look(),
      keepsSamples: () => posts.filter(({ device }) => device.info().state !== 'FAILED').length === 1,
    }),
  );
  const devices = posts.map(({ device }) => device);
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
  const dispatch = createDispatch(posts, (bundle) => manifestOf(bundles, bundle));
  look = () => dispatch.look();
  return createEngine(bundles, devices, joinIdentical(dispatch));
}

function manifestOf(bundles: readonly Bundle[], id: string): Manifest {
  const bundle = bundles.find((other) => other.id === id);
  if (bundle === undefined) throw new InferenceError(`bundle "${id}" is not loaded`);
  return bundle.manifest;
}

function createEngine(bundles: readonly Bundle[], devices: readonly Device[], dispatch: Dispatch): Engine {
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
    canGenerate: () => devices.some((device) => device.info().state !== 'FAILED'),

    async draw(requests, listener, signal) {
      if (closing !== undefined) throw new InferenceError('the pool is closed');
      if (signal?.aborted === true) throw new CanceledError('canceled before it began', { cause: signal.reason });
      const ids = requests.map(({ id }) => id);
      for (const request of requests) validateRequest(request, bundles);
      requireFreeIds(ids);

      const draw = startDraw(requests, dispatch, listener);
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
