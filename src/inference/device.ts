/**
 * One device: the samples that it has, its capacity, and its throughput. A sample is the device's from the call of `generate` until
 * the promise settles. When the worker dies, the device rejects its samples, and the dispatcher assigns them again.
 */
import type { Bundle, Precision } from './bundle/manifest.js';
import { ROWS_PER_SAMPLE, capBudget, fixedCapacities, halveBudgets } from './capacity.js';
import type { DeviceInfo, LogFunction } from './deviceInfo.js';
import { CanceledError, DeviceLostError, InferenceError, WorkerExitedError } from './errors.js';
import { isOutOfMemoryMessage } from './outOfMemory.js';
import type { ThroughputEstimator } from './throughputEstimator.js';
import { createThroughputEstimator } from './throughputEstimator.js';
import type { GenerateOptions, GenerateSample, SampleRequest, SampleResult } from './types.js';
import type { SampleMessage, StepMetrics } from './deviceProtocol.js';
import { superviseDevice } from './deviceSupervisor.js';

export interface DeviceOptions {
  /** The precision to use where a bundle has it; `null` for the device's default. */
  readonly precision: Precision | null;
  /** Rows of each evaluation; `null` to measure the best number. */
  readonly maximumRows: number | null;
  /** The directory of the calibration cache; `null` to measure at each start. */
  readonly calibrationDirectory: string | null;
  /** A busy worker that is silent for this long is considered hung and is replaced. */
  readonly watchdogSeconds: number;
  readonly log: LogFunction;
  readonly onStep: (step: StepMetrics) => void;
  /** Called when the device is ready (again), has failed, or has reduced its capacity. */
  readonly onChange: () => void;
}

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
  let provider = '';
  let outOfMemory = 0;
  /** The next worker is told: the measurements, reduced to what fits into memory. */
  let capacities = maximumRows === null ? [] : fixedCapacities(maximumRows, bundles);
  let precisions: DeviceInfo['precisions'] = {};

  const rowBudget = (bundle: string): number => capacities.find((capacity) => capacity.bundle === bundle)?.rows ?? 1;

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
    for (const capacity of capacities) throughput.seed(capacity);
    onChange();
  };

  const onMessage = (message: SampleMessage): void => {
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
        if (rows !== undefined)
          capacities = capacities.map((one) => (one.bundle === bundle ? { ...one, ...capBudget(one, rows) } : one));
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
          throughput.record(step.bundle, step.rows, step.seconds, rowBudget(step.bundle));
          onStep(step);
        }
        return;
    }
  };

  const onExit = (reason: string): void => {
    if (isOutOfMemoryMessage(reason)) {
      outOfMemory++;
      // A worker that had not reported a capacity may have died while it measured: then one sample at a time, without measuring.
      capacities = capacities.length > 0 ? halveBudgets(capacities) : fixedCapacities(ROWS_PER_SAMPLE, bundles);
    }
    const assigned = [...samples.values()];
    // If no sample had started, the worker may have died before it could tell which one it was about to draw.
    const noneStarted = !assigned.some(({ started }) => started);
    const message = `the worker of device ${name} ${reason}`;
    const [blamed, notBlamed] = [new WorkerExitedError(message, true), new WorkerExitedError(message, false)];
    for (const { key, started } of assigned)
      settle(key, ({ reject }) => reject(started || noneStarted ? blamed : notBlamed));
  };

  const supervisor = superviseDevice({
    device: name,
    watchdogSeconds,
    log,
    openCommand: () => ({ kind: 'open', device: name, bundles, precision, capacities, calibrationDirectory }),
    sampleCount: () => samples.size,
    onReady(message) {
      ({ provider, capacities, precisions } = message);
      // Samples that were assigned while the worker started.
      for (const { key, request } of samples.values()) supervisor.send({ kind: 'generate', key, request });
      capacitiesChanged();
    },
    onMessage,
    onExit,
    onFailed(error) {
      const lost = error instanceof DeviceLostError ? error : new DeviceLostError(error.message, { cause: error });
      for (const key of [...samples.keys()]) settle(key, ({ reject }) => reject(lost));
      onChange();
    },
  });

  const cancel = (key: number): void => {
    if (!samples.has(key)) return;
    if (supervisor.state() === 'READY') supervisor.send({ kind: 'cancel', keys: [key] });
    else settle(key, () => undefined);
  };

  return {
    opened: supervisor.opened,
    throughput,
    rowBudget,
    info: () => ({
      device: name,
      provider,
      bundles: bundles.map(({ id }) => id),
      state: supervisor.state(),
      restarts: supervisor.restarts(),
      outOfMemory,
      capacities,
      precisions,
      pid: supervisor.pid(),
    }),
    generate(request, generateOptions) {
      const { promise, resolve, reject } = Promise.withResolvers<SampleResult>();
      const key = ++lastKey;
      samples.set(key, { key, request, options: generateOptions, resolve, reject, started: false });
      generateOptions.signal?.addEventListener('abort', () => cancel(key), { once: true });
      supervisor.send({ kind: 'generate', key, request });
      return promise;
    },
    close: () => supervisor.close(),
  };
}
