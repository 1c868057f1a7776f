/** What is asked of the engine and what it gives. Nothing here knows of devices or processes. */

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
}

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
}
