/** A sample that somebody waits for, and who is asked to draw it. */
import type { DeviceLostError } from './errors.js';
import type { SampleRequest, SampleResult } from './types.js';

/** What to do when something is heard of it. `delivered`, `failed`, `canceled` and `lost` are the last that is heard. */
export interface PendingSample {
  readonly request: SampleRequest;
  started(): void;
  /** Begins anew where a device worker died, or a faster device took it over. */
  progress(step: number, steps: number): void;
  delivered(result: SampleResult): void;
  failed(message: string): void;
  /** Whoever had it has let go of it after a cancel. */
  canceled(): void;
  /** Nobody will draw it. */
  lost(error: DeviceLostError): void;
}

export interface Dispatch {
  draw(samples: readonly PendingSample[]): void;
  /** Each of them hears `canceled`: at once, or as soon as its device has let go of it. */
  cancel(samples: readonly PendingSample[]): void;
}
