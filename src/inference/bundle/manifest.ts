/** A bundle's manifest (bundle.json), as models/bundle.schema.json describes it. */
import type { DefectShape } from '../method/defectShapes.js';
import type { NoiseSchedule } from '../method/noiseSchedule.js';
import type { PromptTemplates } from '../method/prompts.js';
import type { VarianceType } from '../method/samplers/ddpm.js';
import type { GuidanceName, SamplerName } from '../types.js';

/** The format version that this engine reads. */
export const FORMAT_VERSION = 1;

export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];
export type ComponentName =
  'text_encoder' | 'modulation' | 'turbo_modulation' | 'denoiser' | 'image_decoder' | 'image_encoder' | 'mask_decoder';

export interface BundleFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Variant extends BundleFile {
  /** Precision of the computation. */
  readonly precision: Precision;
  /** Precision of the stored weights, if it differs. */
  readonly weights?: Precision;
  readonly externalData?: readonly BundleFile[];
  /** Measured against fp32 from the same noise. May have more fields. */
  readonly quality?: Readonly<Record<string, unknown>> & {
    /** PSNR of the images, in dB. */
    readonly psnr?: { readonly mean: number; readonly least: number };
    /** IoU of the masks, 0 to 1. */
    readonly maskIou?: { readonly mean: number };
  };
}

export interface Component {
  readonly variants: readonly Variant[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface ParameterRange {
  readonly min: number;
  readonly max: number;
}

/** The 5th, 25th and 50th percentile. */
export type Percentiles = readonly [p5: number, p25: number, p50: number];

/** Statistics of the real defects in the training split, for inpainting. Pairs are named "product/defect". */
export interface PlacementStatistics {
  /** Product → side of its training windows, in pixels of the photograph. */
  readonly windows: Readonly<Record<string, number>>;
  /** Pair → the ellipses of its masks, at least one. */
  readonly shapes: Readonly<Record<string, readonly DefectShape[]>>;
  /** Pair → how visible its real defects are. */
  readonly scores: Readonly<
    Record<
      string,
      {
        /** Mean |gray level inside the mask − mean gray level of the ring around it|, 0 … 255. */
        readonly contrast: Percentiles;
        /** IoU of the mask module's mask of the real window with the true mask. */
        readonly maskAgreement: Percentiles;
      }
    >
  >;
}

/** What a bundle's student can do: it draws in few steps of one row (the sampler TURBO). */
export interface Turbo {
  /** The numbers of steps that it learnt, in ascending order. */
  readonly steps: readonly number[];
  readonly strength: ParameterRange;
  readonly productScale: ParameterRange;
  /** By steps, against the teacher's samples from the same noise. May have more fields. */
  readonly quality?: Readonly<
    Record<string, { readonly psnr?: { readonly mean: number }; readonly maskIou?: { readonly mean: number } }>
  >;
}

export interface Manifest {
  readonly formatVersion: typeof FORMAT_VERSION;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license: {
    readonly id: string;
    readonly terms: string;
    readonly sources: readonly { readonly product: string; readonly source: string; readonly license: string }[];
  };
  readonly image: { readonly width: number; readonly height: number; readonly channels: 3 };
  readonly latent: {
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    /** Applied inside the graphs of the image components. */
    readonly scale: number | readonly number[];
  };
  readonly schedule: NoiseSchedule & {
    readonly predictionType: 'epsilon';
    readonly varianceType: VarianceType;
    readonly timestepSpacing: 'linspace';
  };
  readonly prompts: PromptTemplates;
  readonly vocabulary: {
    readonly products: readonly string[];
    /** Unified names, without the word of the normal state. */
    readonly defects: readonly string[];
    /** [product, defect] pairs of the training set. */
    readonly trainedPairs: readonly (readonly [product: string, defect: string])[];
    /** A plant's name of a defect → the unified name. */
    readonly aliases?: Readonly<Record<string, string>>;
  };
  readonly defaults: {
    readonly sampler: SamplerName;
    readonly steps: number;
    readonly strength: number;
    readonly productScale: number;
    readonly guidance: GuidanceName;
  };
  readonly ranges: {
    readonly strength: ParameterRange;
    readonly productScale: ParameterRange;
    readonly steps: ParameterRange;
  };
  readonly mask: {
    /** The mask features of evaluations with t below this are averaged. */
    readonly lateTimestep: number;
    /** A soft mask (0 … 255) whose maximum is below this gray level is empty. */
    readonly minimumPeak: number;
  };
  readonly placement?: PlacementStatistics;
  readonly tokenizer: {
    readonly file: string;
    readonly sha256: string;
    readonly contextLength: number;
    readonly padTokenId: number;
  };
  readonly components: Readonly<
    Record<Exclude<ComponentName, 'modulation' | 'turbo_modulation' | 'image_encoder' | 'mask_decoder'>, Component>
  > & {
    /** Without it, the denoiser takes text embeddings. */
    readonly modulation?: Component;
    readonly image_encoder?: Component;
    /** The modulations of a student, which `turbo` describes. */
    readonly turbo_modulation?: Component;
    /** Takes the image decoder's place for masks. */
    readonly mask_decoder?: Component;
  };
  readonly turbo?: Turbo;
  readonly provenance: {
    readonly dataset: string;
    readonly codeVersion: string;
    readonly trainingSteps: number;
    readonly samplesSeen: number;
    readonly createdAt: string;
    readonly figures?: Readonly<Record<string, unknown>>;
    readonly architecture?: Readonly<Record<string, unknown>>;
    readonly heldOutPairs?: readonly unknown[];
  };
}

/** What an adapter adds to the graphs of its base. */
export interface Adapter {
  /** The ID of the bundle that it belongs to. */
  readonly base: string;
  /** The folder of adapter.json, absolute. */
  readonly directory: string;
  /** The graph of the changes of the modulations. */
  readonly modulation: BundleFile;
  /** Every prompt of its words → the embedding that takes the text encoder's place. */
  readonly phrases: Readonly<Record<string, readonly number[]>>;
}

/** A verified bundle: its manifest is valid, and every file is the one that was exported. */
export interface Bundle {
  /** "name@version" */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** The folder of bundle.json, absolute. */
  readonly directory: string;
  readonly manifest: Manifest;
  /** Of an adapter: `directory` and the components of `manifest` are its base's, and the words are its own. */
  readonly adapter?: Adapter;
}

/** The ID of the bundle whose graphs draw: its own, or that of an adapter's base. */
export function graphsOf({ id, adapter }: Pick<Bundle, 'id' | 'adapter'>): string {
  return adapter?.base ?? id;
}
