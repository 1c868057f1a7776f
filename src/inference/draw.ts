/** One call of the pool's `draw`, from its first sample to its last: every sample is on some device until it has settled. */
import type { Device, Task } from './device.js';
import { DeviceLostError, InferenceError } from './errors.js';
import type { SampleRequest, SampleResult } from './types.js';

export interface DrawListener {
  /** Once per sample, when its first step is about to be made. */
  started?(id: string): void;
  /** `step` of `steps` are done. Now and then, not at every step; begins anew where a device worker died. */
  progress?(id: string, step: number, steps: number): void;
  /** Once per sample, as soon as it is there. What it throws ends the draw. */
  sample(result: SampleResult): void;
}

export interface Draw {
  /** Resolves when every sample is delivered; rejects with the first reason not to, once the devices have let go of the rest. */
  readonly done: Promise<void>;
  /** Gives up what is not delivered yet; the devices let go of it at their next step. */
  giveUp(reason: InferenceError): void;
  /** Rejects at once, without waiting for the devices. */
  abandon(reason: InferenceError): void;
}

/** A number that no other sample of this process has. */
let lastKey = 0;

export function startDraw(
  requests: readonly SampleRequest[],
  devices: readonly Device[],
  listener: DrawListener,
): Draw {
  const { promise: done, resolve, reject } = Promise.withResolvers<undefined>();
  const open = new Map<Task, Device>();
  const begun = new Set<string>();
  let reason: InferenceError | null = null;

  const settle = (task: Task): void => {
    open.delete(task);
    if (open.size > 0) return;
    if (reason === null) resolve(undefined);
    else reject(reason);
  };

  const giveUp = (error: InferenceError): void => {
    if (reason !== null) return;
    reason = error;
    const onDevice = Map.groupBy(open.keys(), (task) => open.get(task));
    for (const [device, tasks] of onDevice) device?.cancel(tasks);
  };

  /** A listener that throws, as when a disk is full, ends the draw and not the process. */
  const tell = (what: () => void): void => {
    try {
      what();
    } catch (error) {
      giveUp(new InferenceError(`the listener failed: ${(error as Error).message}`, { cause: error }));
    }
  };

  const place = (task: Task): void => {
    const device = leastLoaded(devices);
    open.set(task, device);
    device.add(task);
  };

  const taskFor = (request: SampleRequest): Task => {
    const task: Task = {
      key: ++lastKey,
      request,
      started() {
        if (begun.has(request.id)) return;
        begun.add(request.id);
        tell(() => listener.started?.(request.id));
      },
      progress: (step, steps) => tell(() => listener.progress?.(request.id, step, steps)),
      delivered(result) {
        if (reason === null) tell(() => listener.sample(result));
        settle(task);
      },
      failed(message) {
        giveUp(new InferenceError(message));
        settle(task);
      },
      canceled: () => settle(task),
      lost(error) {
        // Another device may be left. A sample that was given up because it kills workers is not handed on: its device lives.
        const deviceFailed = open.get(task)?.info().state === 'FAILED';
        if (reason === null && deviceFailed && devices.some(isLive)) return place(task);
        giveUp(error);
        settle(task);
      },
    };
    return task;
  };

  if (requests.length === 0) resolve(undefined);
  else requests.map(taskFor).forEach(place);
  return { done, giveUp, abandon: reject };
}

function leastLoaded(devices: readonly Device[]): Device {
  const [first, ...others] = devices.filter(isLive);
  if (first === undefined) {
    throw new DeviceLostError('every device has failed; the log says why. Restart the service once that is mended');
  }
  return others.reduce((least, device) => (device.load() < least.load() ? device : least), first);
}

function isLive(device: Device): boolean {
  return device.info().state !== 'FAILED';
}
