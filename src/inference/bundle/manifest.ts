/** A bundle's manifest (bundle.json), as models/bundle.schema.json describes it. */
import type { DefectShape } from '../method/defectShapes.js';
import type { NoiseSchedule } from '../method/noiseSchedule.js';
import type { PromptTemplates } from '../method/prompts.js';
import type { VarianceType } from '../method/samplers/ddpm.js';
import type { GuidanceName, SamplerName } from '../types.js';

/** The one format version that this engine reads. */
export const FORMAT_VERSION = 1;

export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];
export type ComponentName = 'text_encoder' | 'modulation' | 'denoiser' | 'image_decoder' | 'image_encoder';

export interface BundleFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Variant extends BundleFile {
  /** Of the arithmetic. */
  readonly precision: Precision;
  /** Of the stored weights, where that differs. */
  readonly weights?: Precision;
  readonly externalData?: readonly BundleFile[];
  /** Measured against fp32, from the same noise; with more of its own. */
  readonly quality?: Readonly<Record<string, unknown>> & {
    /** In dB, of the images. */
    readonly psnr?: { readonly mean: number; readonly least: number };
    /** Of the masks, 0 … 1. */
    readonly maskIou?: { readonly mean: number };
  };
}

export interface Component {
  readonly variants: readonly Variant[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The 5th, 25th and 50th percentile. */
export type Percentiles = readonly [p5: number, p25: number, p50: number];

/** Of real defects in the training half, for those drawn on photographs; pairs are named "product/defect". */
export interface PlacementStatistics {
  /** Product → side of the windows it was trained on, in the photograph's own pixels. */
  readonly windows: Readonly<Record<string, number>>;
  /** Pair → the ellipses of its masks, at least one. */
  readonly shapes: Readonly<Record<string, readonly DefectShape[]>>;
  /** Pair → how well its real defects show. */
  readonly scores: Readonly<
    Record<
      string,
      {
        /** Mean |grey inside the mask − mean grey of the ring round it|, 0 … 255. */
        readonly contrast: Percentiles;
        /** IoU of the mask module's mask of the real window with its true one. */
        readonly maskAgreement: Percentiles;
      }
    >
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
    /** Applied inside the graphs of the image components; recorded here. */
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
    /** Unified names, without the normal word. */
    readonly defects: readonly string[];
    /** [product, defect] seen together in training. */
    readonly trainedPairs: readonly (readonly [product: string, defect: string])[];
    /** A plant's word → the unified defect name. */
    readonly aliases?: Readonly<Record<string, string>>;
  };
  readonly defaults: {
    readonly sampler: SamplerName;
    readonly steps: number;
    readonly strength: number;
    readonly productScale: number;
    readonly guidance: GuidanceName;
  };
  readonly ranges: { readonly strength: Range; readonly productScale: Range; readonly steps: Range };
  readonly mask: {
    /** Mask features of evaluations with t below this are averaged. */
    readonly lateTimestep: number;
    /** A soft mask (0 … 255) that never reaches this grey value is empty. */
    readonly minimumPeak: number;
  };
  readonly placement?: PlacementStatistics;
  readonly tokenizer: {
    readonly file: string;
    readonly sha256: string;
    readonly contextLength: number;
    readonly padTokenId: number;
  };
  readonly components: Readonly<Record<Exclude<ComponentName, 'modulation' | 'image_encoder'>, Component>> & {
    /** Without it the denoiser takes texts. */
    readonly modulation?: Component;
    readonly image_encoder?: Component;
  };
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

/** A verified bundle: its manifest is sound and every file is the one that was exported. */
export interface Bundle {
  /** "name@version" */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** The folder of bundle.json, absolute. */
  readonly directory: string;
  readonly manifest: Manifest;
}
