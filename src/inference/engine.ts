/**
 * The engine as the rest of the program sees it: requests go in, samples come out, whichever device draws them and however often its
 * worker dies. A request passes validation, deduplication (deduplication.ts), the fair queue (dispatcher.ts), and a device (device.ts).
 */
import { loadBundles } from './bundle/load.js';
import type { Bundle, Precision } from './bundle/manifest.js';
import { deduplicate } from './deduplication.js';
import type { OpenDevice } from './device.js';
import { openDevice } from './device.js';
import type { DeviceOptions } from './deviceOptions.js';
import type { DeviceInfo, LogFunction } from './deviceInfo.js';
import { createDispatcher } from './dispatcher.js';
import { BundleError, CanceledError, DeviceLostError, InferenceError } from './errors.js';
import type { OpenedModels } from './openedModels.js';
import { createOpenedModels } from './openedModels.js';
import type { GenerateOptions, GenerateSample, SampleRequest, SampleResult } from './types.js';
import { validateRequest } from './validateRequest.js';
import type { StepMetrics } from './deviceProtocol.js';

export interface Engine {
  /** The verified bundles, and the adapters that lay beside them at the start. */
  readonly bundles: readonly Bundle[];
  devices(): readonly DeviceInfo[];
  /** False when every device has failed: then nothing can be generated until the process restarts. */
  canGenerate(): boolean;
  /**
   * Generates one sample.
   * @throws InferenceError when the request is invalid, or when the sample fails.
   * @throws CanceledError when the signal is aborted and the device has released the sample, which takes a step at most.
   * @throws DeviceLostError when too many workers died while they drew the sample, or when no device is left.
   */
  generate(request: SampleRequest, options?: GenerateOptions): Promise<SampleResult>;
  /**
   * Opens a bundle, or an adapter of one of the bundles, on every device, so that requests can name it. Opening it again is no error. A
   * worker that replaces another one opens it, too: its files must stay where they are until the model is closed.
   * @returns the bytes by which the memory of a device's process grew; many graphs take less than their files say, or more
   * @throws BundleError when it cannot be opened. @throws DeviceLostError when no device is left.
   */
  openModel(bundle: Bundle): Promise<number>;
  /** No sample of it may be in flight. */
  closeModel(id: string): void;
  /** Ends the device workers. Samples in flight are rejected. */
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly modelsDirectory: string;
  /** Each gets a worker: `cpu`, `cuda:N`, `webgpu`. Devices that the machine does not have are reported as FAILED. @default ['cpu'] */
  readonly devices?: readonly string[];
  /** The precision to use where a bundle has it. @default the device's default */
  readonly precision?: Precision | null;
  /**
   * The rows that one evaluation of the denoiser may have; a sample of Eq. 4 has three.
   * @default the best number, measured when a device opens a bundle for the first time
   */
  readonly maximumRows?: number | null;
  /** Where the measurements are cached. Without it, each start measures again. */
  readonly calibrationDirectory?: string | null;
  /**
   * A device worker that opens or draws and is silent for this long is considered hung and is replaced. An evaluation of the denoiser,
   * a decoding, and the loading of a model must take less time.
   * @default 600
   */
  readonly watchdogSeconds?: number;
  readonly log?: LogFunction;
  /** Called for every step, up to a second late. */
  readonly onStep?: (step: DeviceStep) => void;
}

/** One step of a device. */
export interface DeviceStep extends StepMetrics {
  readonly device: string;
}

/**
 * Verifies the bundles and starts the devices. Resolves when at least one device is ready and each of the others is ready or failed.
 * @throws BundleError when a bundle is invalid. @throws DeviceLostError when no device is available.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { modelsDirectory, devices: names = ['cpu'], maximumRows = null, onStep } = options;
  if (maximumRows !== null && (!Number.isInteger(maximumRows) || maximumRows < 1))
    throw new InferenceError(`maximumRows must be a whole number above 0, got ${String(maximumRows)}`);
  const bundles = await loadBundles(modelsDirectory);
  // Nothing is generated before the devices have opened.
  let dispatch = (): void => undefined;
  const deviceOptions: Omit<DeviceOptions, 'onStep'> = {
    precision: options.precision ?? null,
    maximumRows,
    calibrationDirectory: options.calibrationDirectory ?? null,
    watchdogSeconds: options.watchdogSeconds ?? 600,
    log: options.log ?? (() => undefined),
    onChange: () => dispatch(),
  };
  const devices = names.map((device) =>
    openDevice(device, bundles, {
      ...deviceOptions,
      onStep(step) {
        onStep?.({ device, ...step });
        dispatch();
      },
    }),
  );
  await requireOneReady(devices, names);
  const opened = createOpenedModels(bundles, devices);
  const bundleOf = (id: string): Bundle => opened.find(id) ?? notLoaded(id, bundles);
  const dispatcher = createDispatcher(devices, bundleOf);
  ({ dispatch } = dispatcher);
  return createEngine(bundles, devices, { opened, bundleOf, generateShared: deduplicate(dispatcher.generate) });
}

async function requireOneReady(devices: readonly OpenDevice[], names: readonly string[]): Promise<void> {
  const outcomes = await Promise.allSettled(devices.map((device) => device.opened));
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  const bundleError = reasons.find((reason) => reason instanceof BundleError);
  if (bundleError === undefined && reasons.length < devices.length) return;
  await Promise.all(devices.map((device) => device.close()));
  const details = reasons.map(({ message }, i) => `${names[i] ?? ''}: ${message}`).join('; ');
  throw bundleError ?? new DeviceLostError(`no device could be opened. ${details}`);
}

/** Does not list the models that were opened: they can belong to others than the caller. */
function notLoaded(id: string, bundles: readonly Bundle[]): never {
  throw new InferenceError(`bundle "${id}" is not loaded; there is ${bundles.map((bundle) => bundle.id).join(', ')}`);
}

interface EngineParts {
  readonly opened: OpenedModels;
  readonly bundleOf: (id: string) => Bundle;
  readonly generateShared: GenerateSample;
}

function createEngine(
  bundles: readonly Bundle[],
  devices: readonly OpenDevice[],
  { opened, bundleOf, generateShared }: EngineParts,
): Engine {
  /** By sample ID: rejects the caller's promise at once. */
  const inFlight = new Map<string, (error: InferenceError) => void>();
  let closing: Promise<void> | undefined;

  return {
    bundles,
    devices: () => devices.map((device) => device.info()),
    canGenerate: () => devices.some((device) => device.info().state !== 'FAILED'),

    async generate(request, options = {}) {
      const { id } = request;
      const { signal } = options;
      if (closing !== undefined) throw new InferenceError('the engine is closed');
      if (signal?.aborted === true) throw new CanceledError('canceled before it began', { cause: signal.reason });
      validateRequest(request, bundleOf(request.bundle));
      if (inFlight.has(id)) throw new InferenceError(`sample id "${id}" is in flight already; IDs must be unique`);
      const { promise, resolve, reject } = Promise.withResolvers<SampleResult>();
      inFlight.set(id, reject);
      guardCallbacks(generateShared, request, options).then(resolve, reject);
      try {
        return await promise;
      } finally {
        inFlight.delete(id);
      }
    },

    async openModel(bundle) {
      if (closing !== undefined) throw new InferenceError('the engine is closed');
      return opened.open(bundle);
    },
    closeModel: (id) => opened.close(id),

    close() {
      closing ??= (async () => {
        for (const reject of [...inFlight.values()]) reject(new InferenceError('the engine was closed'));
        await Promise.all(devices.map((device) => device.close()));
      })();
      return closing;
    },
  };
}

/** Calls `onStarted` at most once. A callback that throws cancels the sample and fails it, and does not end the process. */
async function guardCallbacks(
  generate: GenerateSample,
  request: SampleRequest,
  { signal, onStarted, onProgress, onPreview, onWorkerExit }: GenerateOptions,
): Promise<SampleResult> {
  const failure = new AbortController();
  let started = false;
  const guard = (callback: () => void): void => {
    if (failure.signal.aborted || signal?.aborted === true) return;
    try {
      callback();
    } catch (error) {
      failure.abort(new InferenceError(`a callback failed: ${(error as Error).message}`, { cause: error }));
    }
  };
  try {
    return await generate(request, {
      signal: signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]),
      onStarted() {
        if (started) return;
        started = true;
        guard(() => onStarted?.());
      },
      onProgress: (step, steps) => guard(() => onProgress?.(step, steps)),
      onPreview: (image) => guard(() => onPreview?.(image)),
      onWorkerExit: (error) => guard(() => onWorkerExit?.(error)),
    });
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
}
