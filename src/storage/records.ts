/** What stands inside the JSON columns. */
import type { GuidanceName, MaskMode, SamplerName } from '../inference/index.js';

/** Everything that decides what is drawn, resolved when the request was accepted; later changes of defaults do not touch it. */
export interface DrawSettings {
  /** "name@version" */
  readonly bundle: string;
  /** The words the model reads. */
  readonly product: string;
  readonly defect: string;
  readonly coverage: 'TRAINED' | 'ZERO_SHOT';
  /** Of sample 0; sample i has (seed + i) mod 2³¹. */
  readonly seed: number;
  readonly strength: { readonly min: number; readonly max: number };
  readonly productScale: number;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly guidance: GuidanceName;
  readonly maskMode: MaskMode;
}

export interface FailureReason {
  readonly code: 'INFERENCE_FAILED' | 'DEVICE_LOST' | 'STORAGE_FAILED' | 'MODEL_UNAVAILABLE' | 'TOO_MANY_ATTEMPTS';
  readonly message: string;
}

export interface ProgressFigures {
  readonly samplesDone: number;
  readonly samplesTotal: number;
  readonly stepsDone: number;
  readonly stepsTotal: number;
}

export type EventPayload =
  | { readonly type: 'GenerationQueued' | 'GenerationStarted' | 'GenerationSucceeded' | 'GenerationCanceled' }
  | ({ readonly type: 'GenerationProgressed' } & ProgressFigures)
  | { readonly type: 'SampleReady'; readonly sampleId: string }
  | { readonly type: 'GenerationFailed'; readonly failure: FailureReason };
