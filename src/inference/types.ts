/** What is asked of the engine and what it gives. Nothing here knows of devices or processes. */
import type { Polygon } from './method/polygons.js';
import type { QualityScores } from './method/qualityScores.js';

export type { QualityScores } from './method/qualityScores.js';

export type SamplerName = 'DDPM' | 'DDIM' | 'DPM_SOLVER_PP';
export type GuidanceName = 'DOUBLE_FREE' | 'PRODUCT_RELATIVE';
/** `AVERAGE_FEATURES`: average the mask features of the late steps, decode once. `AVERAGE_PIXELS`: the paper's, decode each, average pixels. */
export type MaskMode = 'AVERAGE_FEATURES' | 'AVERAGE_PIXELS';

export interface SampleRequest {
  /** The caller's, unique among those in flight. */
  readonly id: string;
  /** "name@version" */
  readonly bundle: string;
  /** A product of the bundle's vocabulary. */
  readonly product: string;
  /** A defect of the bundle's vocabulary, or its word for the normal state ("good"). */
  readonly defect: string;
  /** 0 … 2³¹−1 */
  readonly seed: number;
  /** w_d of Eq. 4 */
  readonly strength: number;
  /** w_p of Eq. 4; PRODUCT_RELATIVE does not use it. */
  readonly productScale: number;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly guidance: GuidanceName;
  readonly maskMode: MaskMode;
  /** Draws on a photograph of a good part, or on its own normal twin, and not from noise alone. */
  readonly inpainting?: InpaintingRequest | null;
  /** Samples of different shares take turns, however many one share has waiting. All without one are one share. */
  readonly fairnessKey?: string;
  /** The higher goes first. @default 0 */
  readonly priority?: number;
  /** Also draws the normal twin: the same seed at strength 0. Of a sample on a picture, that picture is the twin. */
  readonly twin?: boolean;
}

/** A file that sharp reads, by its path on the device's machine or as its bytes. A path costs nothing to hand over. */
export type ImageSource = string | Uint8Array;

/** An area of a photograph: a mask of its size, white inside; or polygons in its pixels. */
export type MaskSource = ImageSource | { readonly polygons: readonly Polygon[] };

export interface InpaintingRequest {
  /** 8-bit, sRGB; `null`: the sample's normal twin, which is drawn first, from the same seed. */
  readonly image: ImageSource | null;
  readonly region: RegionRequest;
  /** What the picture's mask marks already, of its size: the result's mask marks that too. */
  readonly existingMask: ImageSource | null;
  /** How freely it may change: the share of the noise levels that are gone through, above 0 to 1. */
  readonly denoisingStrength: number;
}

/**
 * Where the defect is to lie.
 * `MASK`: the caller's own. `SHAPE`: of the kind that the defect's real masks have, placed by the seed. `CHOSEN`: the model decides.
 */
export type RegionRequest =
  | { readonly kind: 'MASK'; readonly mask: MaskSource }
  | { readonly kind: 'SHAPE' | 'CHOSEN'; readonly allowed: MaskSource | null };

/** In pixels, from the top left corner. */
export interface BoundingBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface SampleResult {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** PNG, 8-bit RGB */
  readonly image: Uint8Array;
  /** PNG, 8-bit grey, 0 or 255 */
  readonly mask: Uint8Array;
  /** PNG, 8-bit RGB: the image with the mask tinted and outlined */
  readonly overlay: Uint8Array;
  /** Share of the pixels that the mask covers, 0 … 1. */
  readonly areaFraction: number;
  /** One per connected region (8-connectivity) of the mask, the largest region first. */
  readonly boundingBoxes: readonly BoundingBox[];
  /** PNG, 8-bit grey, 0 or 255: what was free to change; `null` for a sample that is not drawn on a picture. */
  readonly region: Uint8Array | null;
  /** PNG, 8-bit RGB: the normal twin, where it was asked for and the sample is from noise, or is drawn on it. */
  readonly twin: Uint8Array | null;
  /** Mean of the soft mask inside the mask, 0 … 1: how sure the mask module is of what it marks. 0 where it marks nothing. */
  readonly confidence: number;
  /** Against the picture drawn on or the twin; `null` where there is neither. */
  readonly scores: QualityScores | null;
}
