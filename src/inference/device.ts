/**
 * One device: the samples that it has, its capacity, and its throughput. A sample is the device's from the call of `generate` until
 * the promise settles. When the worker dies, the device rejects its samples, and the dispatcher assigns them again.
 */
import type { Bundle } from './bundle/manifest.js';
import { createDeviceCapacities } from './deviceCapacities.js';
import { createDeviceModels } from './deviceModels.js';
import type { DeviceInfo } from './deviceInfo.js';
import { createDeviceLoad } from './deviceLoad.js';
import type { DeviceOptions } from './deviceOptions.js';
import { CanceledError, DeviceLostError, InferenceError, WorkerExitedError } from './errors.js';
import { isOutOfMemoryMessage } from './outOfMemory.js';
import type { ThroughputEstimator } from './throughputEstimator.js';
import { createThroughputEstimator } from './throughputEstimator.js';
import type { GenerateOptions, GenerateSample, SampleRequest, SampleResult } from './types.js';
import type { ModelMessage, SampleMessage } from './deviceProtocol.js';
import { superviseDevice } from './deviceSupervisor.js';

/** A device as the dispatcher sees it. */
export interface Device {
  info(): DeviceInfo;
  readonly throughput: ThroughputEstimator;
  /** Rows that one evaluation of this bundle may have. */
  rowBudget(bundle: string): number;
  /**
   * @throws WorkerExitedError when the worker dies. @throws DeviceLostError when the device is given up.
   * @throws CanceledError once the worker has released a canceled sample. @throws InferenceError when the sample fails.
   */
  readonly generate: GenerateSample;
}

export interface OpenDevice extends Device {
  /** Resolves when the first worker is ready. @throws BundleError, or DeviceLostError if the device is not available. */
  readonly opened: Promise<void>;
  /**
   * Resolves when the worker, or the next one, has opened the adapter or bundle, with the bytes by which its memory grew.
   * @throws BundleError, DeviceLostError
   */
  openModel(bundle: Bundle): Promise<number>;
  /** No sample of it may be left. */
  closeModel(id: string): void;
  close(): Promise<void>;
}

interface InFlightSample {
  readonly key: number;
  readonly request: SampleRequest;
  readonly options: GenerateOptions;
  readonly resolve: (result: SampleResult) => void;
  readonly reject: (error: Error) => void;
  /** The worker has begun to draw it. */
  started: boolean;
}

/** Unique among all samples of this process. */
let lastKey = 0;

export function openDevice(name: string, bundles: readonly Bundle[], options: DeviceOptions): OpenDevice {
  const { precision, maximumRows, calibrationDirectory, watchdogSeconds, log, onStep, onChange } = options;
  const samples = new Map<number, InFlightSample>();
  const throughput = createThroughputEstimator();
  const load = createDeviceLoad();
  let provider = '';
  let outOfMemory = 0;
  const capacities = createDeviceCapacities(bundles, maximumRows);
  let precisions: DeviceInfo['precisions'] = {};

  const settle = (key: number, callback: (sample: InFlightSample) => void): void => {
    const sample = samples.get(key);
    samples.delete(key);
    if (sample === undefined) return;
    const { signal } = sample.options;
    // A canceled sample is canceled, however it ended meanwhile.
    if (signal?.aborted === true) sample.reject(new CanceledError('canceled', { cause: signal.reason }));
    else callback(sample);
  };

  const capacitiesChanged = (): void => {
    for (const capacity of capacities.listed()) throughput.seed(capacity);
    onChange();
  };

  const onMessage = (message: SampleMessage | ModelMessage): void => {
    switch (message.kind) {
      case 'started': {
        const sample = samples.get(message.key);
        if (sample === undefined) return;
        sample.started = true;
        if (sample.options.signal?.aborted !== true) sample.options.onStarted?.();
        return;
      }
      case 'progress': {
        const { options } = samples.get(message.key) ?? {};
        if (options?.signal?.aborted !== true) options?.onProgress?.(message.step, message.steps);
        return;
      }
      case 'preview': {
        const { options } = samples.get(message.key) ?? {};
        if (options?.signal?.aborted !== true) options?.onPreview?.(message.image);
        return;
      }
      case 'completed':
        settle(message.key, ({ resolve }) => resolve(message.result));
        return;
      case 'failed':
        if (isOutOfMemoryMessage(message.message)) outOfMemory++;
        settle(message.key, ({ reject }) => reject(new InferenceError(message.message)));
        return;
      case 'canceled':
        for (const key of message.keys) settle(key, () => undefined);
        return;
      case 'limitsReduced': {
        outOfMemory++;
        const { bundle, rows, images } = message;
        if (rows !== undefined) capacities.reduce(bundle, rows);
        log('warn', `device ${name} ran out of memory; it processes less at a time from now on`, {
          bundle,
          rows,
          images,
        });
        capacitiesChanged();
        return;
      }
      case 'steps':
        for (const step of message.steps) {
          throughput.record(step.bundle, step.rows, step.seconds, capacities.rows(step.bundle));
          load.record(step.seconds);
          onStep(step);
        }
        return;
      default:
        models.onMessage(message);
    }
  };

  const onExit = (reason: string): void => {
    if (isOutOfMemoryMessage(reason)) {
      outOfMemory++;
      capacities.halve();
    }
    const assigned = [...samples.values()];
    // If no sample had started, the worker may have died before it could tell which one it was about to draw.
    const noneStarted = !assigned.some(({ started }) => started);
    const message = `the worker of device ${name} ${reason}`;
    const [blamed, notBlamed] = [new WorkerExitedError(message, true), new WorkerExitedError(message, false)];
    for (const { key, started } of assigned)
      settle(key, ({ reject }) => reject(started || noneStarted ? blamed : notBlamed));
    models.onExit(reason);
  };

  const opening = { kind: 'open', device: name, bundles, precision, calibrationDirectory } as const;
  const supervisor = superviseDevice({
    device: name,
    watchdogSeconds,
    log,
    openCommand: () => ({ ...opening, capacities: capacities.all() }),
    sampleCount: () => samples.size + models.openingCount(),
    onReady(message) {
      ({ provider, precisions } = message);
      capacities.onReady(message.capacities);
      models.onReady();
      // Samples that were assigned while the worker started.
      for (const sample of samples.values()) sendUnlessOpening(sample);
      capacitiesChanged();
    },
    onMessage,
    onExit,
    onFailed(error) {
      const lost = error instanceof DeviceLostError ? error : new DeviceLostError(error.message, { cause: error });
      for (const key of [...samples.keys()]) settle(key, ({ reject }) => reject(lost));
      models.onFailed(lost);
      onChange();
    },
  });

  const ofModel = (id: string): InFlightSample[] =>
    [...samples.values()].filter(({ request }) => request.bundle === id);

  const models = createDeviceModels({
    isReady: () => supervisor.state() === 'READY',
    send: (command) => supervisor.send(command),
    onOpened(id) {
      for (const sample of ofModel(id)) sendUnlessOpening(sample);
    },
    onGivenUp(id, error) {
      for (const { key } of ofModel(id)) settle(key, ({ reject }) => reject(error));
    },
  });

  /** A sample of a model that is not open yet is sent when it is. */
  const sendUnlessOpening = ({ key, request }: InFlightSample): void => {
    if (!models.isOpening(request.bundle)) supervisor.send({ kind: 'generate', key, request });
  };

  const cancel = (key: number): void => {
    if (!samples.has(key)) return;
    if (supervisor.state() === 'READY') supervisor.send({ kind: 'cancel', keys: [key] });
    else settle(key, () => undefined);
  };

  return {
    opened: supervisor.opened,
    throughput,
    rowBudget: (bundle) => capacities.rows(bundle),
    info: () => ({
      device: name,
      provider,
      bundles: bundles.map(({ id }) => id),
      state: supervisor.state(),
      restarts: supervisor.restarts(),
      load: load.share(),
      outOfMemory,
      capacities: capacities.listed(),
      precisions,
      pid: supervisor.pid(),
    }),
    generate(request, generateOptions) {
      const { promise, resolve, reject } = Promise.withResolvers<SampleResult>();
      const key = ++lastKey;
      const sample = { key, request, options: generateOptions, resolve, reject, started: false };
      samples.set(key, sample);
      generateOptions.signal?.addEventListener('abort', () => cancel(key), { once: true });
      sendUnlessOpening(sample);
      return promise;
    },
    openModel(bundle) {
      capacities.open(bundle);
      return models.open(bundle);
    },
    closeModel(id) {
      models.close(id);
      capacities.close(id);
      throughput.forget(id);
    },
    close: () => supervisor.close(),
  };
}
