/** One call of the pool's `draw`, from its first sample to its last: every sample is being drawn until it has settled. */
import { InferenceError } from './errors.js';
import type { SampleRequest, SampleResult } from './types.js';
import type { Dispatch, PendingSample } from './pendingSample.js';

export interface DrawListener {
  /** Once per sample, when its first step is about to be made. */
  started?(id: string): void;
  /** `step` of `steps` are done. Now and then, not at every step; begins anew where a device worker died, or a faster device took the sample over. */
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

export function startDraw(requests: readonly SampleRequest[], dispatch: Dispatch, listener: DrawListener): Draw {
  const { promise: done, resolve, reject } = Promise.withResolvers<undefined>();
  const open = new Set<PendingSample>();
  const begun = new Set<string>();
  let reason: InferenceError | null = null;

  const settle = (sample: PendingSample): void => {
    open.delete(sample);
    if (open.size > 0) return;
    if (reason === null) resolve(undefined);
    else reject(reason);
  };

  const giveUp = (error: InferenceError): void => {
    if (reason !== null) return;
    reason = error;
    dispatch.cancel([...open]);
  };

  /** A listener that throws, as when a disk is full, ends the draw and not the process. */
  const tell = (what: () => void): void => {
    try {
      what();
    } catch (error) {
      giveUp(new InferenceError(`the listener failed: ${(error as Error).message}`, { cause: error }));
    }
  };

  const wantedFor = (request: SampleRequest): PendingSample => {
    const sample: PendingSample = {
      request,
      started() {
        if (begun.has(request.id)) return;
        begun.add(request.id);
        tell(() => listener.started?.(request.id));
      },
      progress: (step, steps) => tell(() => listener.progress?.(request.id, step, steps)),
      delivered(result) {
        if (reason === null) tell(() => listener.sample(result));
        settle(sample);
      },
      failed(message) {
        open.delete(sample);
        giveUp(new InferenceError(message));
        settle(sample);
      },
      canceled: () => settle(sample),
      lost(error) {
        open.delete(sample);
        giveUp(error);
        settle(sample);
      },
    };
    return sample;
  };

  const samples = requests.map(wantedFor);
  for (const sample of samples) open.add(sample);
  if (samples.length === 0) resolve(undefined);
  else dispatch.draw(samples);
  return { done, giveUp, abandon: reject };
}
