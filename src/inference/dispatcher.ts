/**
 * Assigns samples to devices as late as possible: each device has enough to stay busy for a little while, and the rest waits in the
 * fair queue. No device has a thousand samples that another would have finished sooner. A single device gets all samples at once and
 * decides the order itself.
 */
import type { Bundle } from './bundle/manifest.js';
import { graphsOf } from './bundle/manifest.js';
import type { Device } from './device.js';
import type { Assignment, DeviceView } from './deviceAssignment.js';
import {
  BACKLOG_LIMIT,
  NO_BACKLOG_LIMIT,
  UNMEASURED_BACKLOG_LIMIT,
  assignWaiting,
  chooseMigrations,
} from './deviceAssignment.js';
import { CanceledError, DeviceLostError, WorkerExitedError } from './errors.js';
import { createFairQueue } from './fairQueue.js';
import type { QueueItem } from './flow.js';
import { costOf } from './sampleCost.js';
import type { GenerateOptions, GenerateSample, SampleRequest, SampleResult } from './types.js';

/** How many workers may die while they draw a sample before the sample is given up. */
const MAX_WORKER_EXITS = 3;

export interface Dispatcher {
  readonly generate: GenerateSample;
  /** To be called when a device is ready again, has failed, or has made steps. */
  dispatch(): void;
}

type DispatchedBundle = Pick<Bundle, 'id' | 'manifest' | 'adapter'>;

/** A sample from its request to its end. */
interface PendingSample extends QueueItem {
  readonly request: SampleRequest;
  readonly options: GenerateOptions;
  readonly rowSteps: number;
  /** The cost for fairness: row-steps of larger latents count more. */
  readonly cost: number;
  readonly resolve: (result: SampleResult) => void;
  readonly reject: (error: unknown) => void;
  /** How many workers died while they drew it, on any device. */
  workerExits: number;
  assignment: DeviceAssignment | null;
}

interface DeviceAssignment {
  readonly device: Device;
  readonly controller: AbortController;
  /** The share of the steps that is done, 0 … 1. */
  done: number;
  started: boolean;
}

interface View extends DeviceView<PendingSample> {
  readonly device: Device;
}

/** @param bundleOf the bundle or adapter with this ID */
export function createDispatcher(devices: readonly Device[], bundleOf: (id: string) => DispatchedBundle): Dispatcher {
  const queue = createFairQueue<PendingSample>(({ cost }) => cost);
  const assigned = new Map<Device, Set<PendingSample>>(devices.map((device) => [device, new Set()]));
  let lastKey = 0;
  let dispatchIsDue = false;

  const liveDevices = (): Device[] => devices.filter((device) => device.info().state !== 'FAILED');

  const unassign = (sample: PendingSample): void => {
    if (sample.assignment !== null) assigned.get(sample.assignment.device)?.delete(sample);
    sample.assignment = null;
  };

  const requeue = (sample: PendingSample): void => {
    unassign(sample);
    queue.addStarted(sample);
    dispatch();
  };

  const onError = (sample: PendingSample, error: unknown): void => {
    if (error instanceof WorkerExitedError) {
      if (error.blamed) {
        sample.workerExits++;
        sample.options.onWorkerExit?.(error);
      }
      if (sample.workerExits < MAX_WORKER_EXITS) requeue(sample);
      else sample.reject(givenUp(error, sample.workerExits));
    } else if (error instanceof DeviceLostError && liveDevices().length > 0) requeue(sample);
    else sample.reject(error);
  };

  const assign = (sample: PendingSample, device: Device): void => {
    const assignment: DeviceAssignment = { device, controller: new AbortController(), done: 0, started: false };
    sample.assignment = assignment;
    assigned.get(device)?.add(sample);
    /** Late messages of a device that the sample was taken from are ignored. */
    const ifCurrent = (callback: () => void): void => {
      if (sample.assignment === assignment) callback();
    };
    const settle = (callback: () => void): void =>
      ifCurrent(() => {
        unassign(sample);
        callback();
        dispatch();
      });
    device
      .generate(sample.request, {
        signal: assignment.controller.signal,
        onStarted: () =>
          ifCurrent(() => {
            assignment.started = true;
            sample.options.onStarted?.();
          }),
        onProgress: (step, steps) =>
          ifCurrent(() => {
            assignment.done = step / steps;
            sample.options.onProgress?.(step, steps);
          }),
        onPreview: (image) => ifCurrent(() => sample.options.onPreview?.(image)),
      })
      .then(
        (result) => settle(() => sample.resolve(result)),
        (error: unknown) => settle(() => onError(sample, error)),
      );
  };

  const viewsOf = (live: readonly Device[]): View[] => {
    const isOnly = live.length === 1;
    const usable = isOnly ? live : live.filter((device) => device.info().state === 'READY');
    return usable.map((device) => {
      const { throughput } = device;
      const isMeasured = ({ bundle }: PendingSample): boolean => throughput.secondsPerRow(bundle) !== undefined;
      // An unmeasured device is assumed to be as fast as the fastest. If none is measured, all are assumed to be equal.
      const secondsPerRow = (bundle: string): number => {
        const fastest = Math.min(...usable.map((other) => other.throughput.secondsPerRow(bundle) ?? Infinity));
        const assumed = throughput.secondsPerRow(bundle) ?? fastest;
        return Number.isFinite(assumed) ? assumed : 1;
      };
      return {
        device,
        assigned: [...(assigned.get(device) ?? [])].flatMap((sample) =>
          sample.assignment === null || sample.assignment.controller.signal.aborted
            ? []
            : { sample, done: sample.assignment.done, started: sample.assignment.started },
        ),
        seconds: ({ bundle, rowSteps }) => secondsPerRow(bundle) * rowSteps,
        batches: ({ bundle, rows }) => rows / device.rowBudget(bundle),
        isMeasured,
        backlogLimit: (sample) =>
          isOnly ? NO_BACKLOG_LIMIT : isMeasured(sample) ? BACKLOG_LIMIT : UNMEASURED_BACKLOG_LIMIT,
      };
    });
  };

  const dispatchNow = (): void => {
    const live = liveDevices();
    if (live.length === 0) {
      const error = everyDeviceFailed();
      for (const sample of [...queue.inOrder()]) {
        queue.remove(sample);
        sample.reject(error);
      }
      return;
    }
    if (queue.size > 0) {
      for (const { sample, device } of assignWaiting(queue.inOrder(), queue.heads(), viewsOf(live))) {
        queue.charge(sample);
        queue.remove(sample);
        assign(sample, device.device);
      }
    }
    if (queue.size > 0 || live.length === 1) return;
    const migrations: Assignment<PendingSample, View>[] = chooseMigrations<PendingSample, View>(viewsOf(live));
    for (const { sample, device } of migrations) {
      const { assignment } = sample;
      unassign(sample);
      assignment?.controller.abort();
      assign(sample, device.device);
    }
  };

  /** Runs once for everything that happens in the same turn of the event loop. */
  const dispatch = (): void => {
    if (dispatchIsDue) return;
    dispatchIsDue = true;
    queueMicrotask(() => {
      dispatchIsDue = false;
      dispatchNow();
    });
  };

  const cancel = (sample: PendingSample): void => {
    const { signal } = sample.options;
    if (sample.assignment !== null) sample.assignment.controller.abort(signal?.reason);
    else if (queue.remove(sample)) sample.reject(new CanceledError('canceled', { cause: signal?.reason }));
  };

  return {
    dispatch,
    generate(request, options) {
      const { promise, resolve, reject } = Promise.withResolvers<SampleResult>();
      const { fairnessKey = '', priority = 0 } = request;
      const named = bundleOf(request.bundle);
      const { manifest } = named;
      const { rows, rowSteps } = costOf(request, manifest);
      const sample: PendingSample = {
        key: ++lastKey,
        request,
        options,
        // A device has the capacity and the throughput of the graphs, which adapters share.
        bundle: graphsOf(named),
        fairnessKey,
        priority,
        rows,
        rowSteps,
        cost: rowSteps * manifest.latent.height * manifest.latent.width,
        resolve,
        reject,
        workerExits: 0,
        assignment: null,
      };
      options.signal?.addEventListener('abort', () => cancel(sample), { once: true });
      queue.add(sample);
      dispatch();
      return promise;
    },
  };
}

function givenUp({ message }: WorkerExitedError, times: number): DeviceLostError {
  return new DeviceLostError(`${message}; it died ${String(times)} times while it drew this sample, which is given up`);
}

function everyDeviceFailed(): DeviceLostError {
  return new DeviceLostError('every device has failed; the log says why. Restart the service once that is mended');
}
