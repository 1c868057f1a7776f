/** The contents of JSON columns. */
import type {
  Coverage,
  GuidanceName,
  MaskConvention,
  MaskMode,
  PlacementVersion,
  SamplerName,
  TransplantPlace,
  VariationLimits,
} from '../inference/index.js';

/**
 * Everything that decides what is drawn, as resolved when the request was accepted. Later changes of defaults do not
 * affect it.
 */
export interface GenerationSettings {
  /** "name@version" */
  readonly bundle: string;
  /** Set if the model is the tenant's own: its row, and the bundle that a worker needs; null if it needs none. */
  readonly tenantModel?: { readonly id: string; readonly base: string | null };
  /** The words that the model reads. */
  readonly product: string;
  readonly defect: string;
  /** Only a transplant can be of an unsupported pair. */
  readonly coverage: Coverage;
  /** The seed of sample 0. Sample i has the seed (seed + i) mod 2³¹. */
  readonly seed: number;
  readonly strength: { readonly min: number; readonly max: number };
  readonly productScale: number;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly guidance: GuidanceName;
  readonly maskMode: MaskMode;
  /**
   * The strengths of each row of a sweep; `strength` then has their bounds. Absent without a sweep and in older rows.
   */
  readonly sweep?: readonly number[];
  readonly photograph?: PhotographSettings | null;
  readonly twin?: boolean;
  /** Absent in older rows, which have none. */
  readonly previews?: boolean;
  readonly quality?: QualitySettings | null;
}

export interface PhotographSettings {
  /** The photographs. Sample i is drawn on the i-th of them, in turn. Empty if it is drawn on a sample or a twin. */
  readonly references: readonly string[];
  /** The sample that it is drawn on. The defects of that sample stay in the mask. */
  readonly baseSample: string | null;
  /**
   * Whether each sample is drawn on its own normal twin. Then there are no references and no base. Absent in older
   * rows.
   */
  readonly onTwin?: boolean;
  readonly region: Area | 'SHAPE' | 'CHOSEN';
  /** Limits where a region that is not the caller's own may lie. */
  readonly allowedArea: Area | null;
  /** How a region that is not the caller's own is placed and sized. Absent in older rows, and on twins: 1. */
  readonly placement?: PlacementVersion;
  /** Absent in older rows: CHANGE. */
  readonly maskConvention?: MaskConvention;
  /**
   * The share of the noise levels that a sample passes through, above 0 to 1. Absent in rows that a process before
   * 1.0.0 wrote.
   */
  readonly denoisingStrength?: number;
  /** The same value under its name before 1.0.0. It is still written, for older processes on the same database. */
  readonly freedom: number;
  /**
   * Set if the defect is transplanted instead of drawn. Then `denoisingStrength` is that of the harmonizing pass, 0
   * without one, and `region` is `DONORS_REGION`. Absent in older rows.
   */
  readonly transplant?: TransplantSettings | null;
}

/** The region of a transplant, which is that of its donor. An older worker finds no such mask and fails. */
export const DONORS_REGION: Area = { maskId: '' };

export interface TransplantSettings {
  /** The defective photographs; with `cutPaste`, those of good parts. Empty if the donor is a sample. */
  readonly donors: readonly string[];
  /** The sample that the defect is taken from. Absent if it is taken from photographs. */
  readonly donorSample?: string;
  /** A patch of a donor is pasted instead of a defect. `window`: see TransplantRequest. Absent for defects. */
  readonly cutPaste?: { readonly window: number | null };
  /** Whether the donors show other products. Then they are resized. */
  readonly ofOtherProducts: boolean;
  readonly variation: VariationLimits;
  /** Whether the surroundings do not matter. */
  readonly anywhere: boolean;
  /** Null if the model harmonizes the samples. */
  readonly notHarmonized: NotHarmonizedReason | null;
}

export type NotHarmonizedReason = 'NOT_REQUESTED' | 'UNSUPPORTED_PAIR' | 'NO_IMAGE_ENCODER';

/** How the defect of a sample was transplanted. */
export interface SampleTransplant extends TransplantPlace {
  readonly notHarmonized: NotHarmonizedReason | null;
}

export function denoisingStrengthOf({ denoisingStrength, freedom }: PhotographSettings): number {
  return denoisingStrength ?? freedom;
}

/** In pixels of the photograph. */
export type Area =
  { readonly maskId: string } | { readonly polygons: readonly (readonly (readonly [x: number, y: number])[])[] };

export interface QualitySettings {
  readonly minimumVisibility: number;
  readonly minimumAgreement: number;
  /** Absent in older rows. */
  readonly minimumConfidence?: number;
  /** How often one sample may be drawn. The API calls it `maximumDraws`; rows keep the name from before 1.0.0. */
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

/** What a sample is becoming. It is deleted with the end of the generation. */
export interface Preview {
  readonly index: number;
  /** In base64. */
  readonly webp: string;
}

/** The events that a webhook can receive. */
export const WEBHOOK_EVENTS = [
  'GENERATION_STARTED',
  'GENERATION_SUCCEEDED',
  'GENERATION_FAILED',
  'GENERATION_CANCELED',
  'SAMPLE_READY',
  'EXPORT_SUCCEEDED',
  'EXPORT_FAILED',
  'TRAINING_STARTED',
  'TRAINING_SUCCEEDED',
  'TRAINING_FAILED',
  'TRAINING_CANCELED',
] as const;
export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

export type EventPayload =
  | { readonly type: 'GenerationQueued'; readonly ahead?: number; readonly estimatedSeconds?: number | null }
  | { readonly type: 'GenerationStarted' | 'GenerationSucceeded' | 'GenerationCanceled' }
  | ({ readonly type: 'GenerationProgressed'; readonly previews?: readonly Preview[] } & ProgressCounts)
  | { readonly type: 'SampleReady'; readonly sampleId: string }
  | { readonly type: 'GenerationFailed'; readonly failure: GenerationFailure };
