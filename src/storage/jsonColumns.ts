/** What stands inside the JSON columns. */
import type { GuidanceName, MaskMode, SamplerName } from '../inference/index.js';

/** Everything that decides what is drawn, resolved when the request was accepted; later changes of defaults do not touch it. */
export interface GenerationSettings {
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
  /** The strengths of each row of pictures; then `strength` only bounds them. Absent where there is no sweep, and in older rows. */
  readonly sweep?: readonly number[];
  readonly photograph?: PhotographSettings | null;
  readonly twin?: boolean;
  readonly quality?: QualitySettings | null;
}

export interface PhotographSettings {
  /** Picture i is drawn on the i-th of these, in turn. Empty where it is a sample's picture, or a twin. */
  readonly references: readonly string[];
  /** The sample whose picture it is drawn on, and whose defects stay in the mask. */
  readonly baseSample: string | null;
  /** Each sample on its own normal twin; then there are neither references nor a base. Absent in older rows. */
  readonly onTwin?: boolean;
  readonly region: Area | 'SHAPE' | 'CHOSEN';
  /** Where a region that is not the caller's own may lie. */
  readonly allowedArea: Area | null;
  /** The share of the noise levels that a sample passes through, above 0 to 1. Absent in rows that a process before 1.0.0 wrote. */
  readonly denoisingStrength?: number;
  /** The same under its name before 1.0.0. It is still written, for older processes on the same database. */
  readonly freedom: number;
}

export function denoisingStrengthOf({ denoisingStrength, freedom }: PhotographSettings): number {
  return denoisingStrength ?? freedom;
}

/** In the photograph's pixels. */
export type Area =
  { readonly maskId: string } | { readonly polygons: readonly (readonly (readonly [x: number, y: number])[])[] };

export interface QualitySettings {
  readonly minimumVisibility: number;
  readonly minimumAgreement: number;
  /** Absent in older rows. */
  readonly minimumConfidence?: number;
  readonly maximumAttempts: number;
}

export interface GenerationFailure {
  readonly code:
    | 'INFERENCE_FAILED'
    | 'DEVICE_LOST'
    | 'STORAGE_FAILED'
    | 'MODEL_UNAVAILABLE'
    | 'TOO_MANY_ATTEMPTS'
    | 'QUALITY_NOT_REACHED';
  readonly message: string;
}

export interface ProgressCounts {
  readonly samplesDone: number;
  readonly samplesTotal: number;
  readonly stepsDone: number;
  readonly stepsTotal: number;
}

/** What a webhook can be told of. */
export const WEBHOOK_EVENTS = [
  'GENERATION_STARTED',
  'GENERATION_SUCCEEDED',
  'GENERATION_FAILED',
  'GENERATION_CANCELED',
  'SAMPLE_READY',
] as const;
export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

export type EventPayload =
  | { readonly type: 'GenerationQueued'; readonly ahead?: number; readonly estimatedSeconds?: number | null }
  | { readonly type: 'GenerationStarted' | 'GenerationSucceeded' | 'GenerationCanceled' }
  | ({ readonly type: 'GenerationProgressed' } & ProgressCounts)
  | { readonly type: 'SampleReady'; readonly sampleId: string }
  | { readonly type: 'GenerationFailed'; readonly failure: GenerationFailure };
