/** What a sample request contains and what it yields. Nothing here knows of devices or processes. */
import type { MaskConvention } from './method/composition.js';
import type { PlacementVersion } from './method/defectShapes.js';
import type { Polygon } from './method/polygons.js';
import type { QualityScores } from './method/qualityScores.js';
import type { VariationLimits } from './method/transplant/variation.js';

export type { MaskConvention } from './method/composition.js';
export type { QualityScores } from './method/qualityScores.js';
export type { VariationLimits } from './method/transplant/variation.js';

export type SamplerName = 'DDPM' | 'DDIM' | 'DPM_SOLVER_PP' | 'TURBO';
export type GuidanceName = 'DOUBLE_FREE' | 'PRODUCT_RELATIVE';
/**
 * `AVERAGE_FEATURES` averages the mask features of the late steps and decodes once. `AVERAGE_PIXELS`, the paper's mode, decodes each
 * mask feature and averages the pixels.
 */
export type MaskMode = 'AVERAGE_FEATURES' | 'AVERAGE_PIXELS';

export interface SampleRequest {
  /** Chosen by the caller; unique among the samples in flight. */
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
  /** Draws the defect into an image or into the sample's normal twin, instead of from noise alone. */
  readonly inpainting?: InpaintingRequest | null;
  /** Transplants a real defect onto an image instead of drawing one. Without a harmonizing pass, the bundle need not know the pair. */
  readonly transplant?: TransplantRequest | null;
  /** Devices are shared fairly between fairness keys. @default '' */
  readonly fairnessKey?: string;
  /** Higher values go first. @default 0 */
  readonly priority?: number;
  /** Also draws the normal twin: the same seed at strength 0. For inpainting, the input image is the twin. */
  readonly twin?: boolean;
  /** Whether `onPreview` is called. It does not change the result. */
  readonly previews?: boolean;
}

/** An image file that sharp can read: its path on the device's machine, or its bytes. A path is cheaper to hand over. */
export type ImageSource = string | Uint8Array;

/** An area of an image: a mask of the image's size that is white inside, or polygons in pixels. */
export type MaskSource = ImageSource | { readonly polygons: readonly Polygon[] };

export interface InpaintingRequest {
  /** 8-bit sRGB. `null` stands for the sample's normal twin, which is generated first from the same seed. */
  readonly image: ImageSource | null;
  readonly region: RegionRequest;
  /** A mask of the image's size that marks its existing defects. The mask of the result includes them. */
  readonly existingMask: ImageSource | null;
  /** The share of the noise levels that is denoised, above 0 up to 1. Higher values allow larger changes. */
  readonly denoisingStrength: number;
  /** @default 'CHANGE' */
  readonly maskConvention?: MaskConvention | undefined;
}

export interface TransplantRequest {
  /** The photograph that the defect is laid onto: 8-bit sRGB. */
  readonly image: ImageSource;
  /** A mask of the image's size that marks its existing defects. The mask of the result includes them. */
  readonly existingMask: ImageSource | null;
  /** A photograph with the defect, and the mask of the same size that marks it. */
  readonly donor: ImageSource;
  /** `null`: the donor shows a good part, and a patch of it is pasted (CutPaste). */
  readonly donorMask: ImageSource | null;
  /** The side, in pixels, of the square of which a patch covers 1 … 10 %; absent or `null`: the shorter side of the photograph. */
  readonly patchWindow?: number | null;
  /** Where on the image the middle of the defect may lie. `null`: the defect lies on the part, where it is found. */
  readonly allowed: MaskSource | null;
  readonly variation: VariationLimits;
  /** Lays the defect at any allowed place, whatever surrounds it. */
  readonly anywhere: boolean;
  /** Resizes the donor by the ratio of the shorter sides, so that its defect is as large in relation to the image. */
  readonly resizeDonor: boolean;
  /** The share of the noise levels that the harmonizing pass denoises, 0 up to 1. At 0 there is none, and no model is used. */
  readonly denoisingStrength: number;
}

/** How a defect was transplanted. */
export interface TransplantPlace {
  /** Degrees, clockwise, −180 … 180. */
  readonly turn: number;
  /** Left-right, before the turn. */
  readonly mirrored: boolean;
  readonly scale: number;
  /** The factor of the contrast to the surroundings. */
  readonly contrast: number;
  /** The root mean square difference between the surroundings, 0 … 255. A difference of the mean color counts half. */
  readonly surroundingsDifference: number;
}

/**
 * Where the defect is placed. `MASK`: in the given mask. `SHAPE`: in a shape like those of the defect's real masks, placed by the
 * seed. `CHOSEN`: where the model places it.
 *
 * From `placement` 2 on, regions of shapes are as small and as large as real defects, and without an `allowed` area, the foreground of the
 * image is one, if it has one. Absent is 1.
 */
export type RegionRequest =
  | { readonly kind: 'MASK'; readonly mask: MaskSource }
  | {
      readonly kind: 'SHAPE' | 'CHOSEN';
      readonly allowed: MaskSource | null;
      readonly placement?: PlacementVersion | undefined;
    };

/** Where a region that was not given could lie: in the area of the request, in the found foreground, or anywhere. */
export interface AllowedArea {
  readonly source: 'REQUEST' | 'FOREGROUND' | 'WHOLE_IMAGE';
  /** Of the image's pixels, above 0 to 1. */
  readonly share: number;
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
  /** PNG, 8-bit grayscale, 0 or 255 */
  readonly mask: Uint8Array;
  /** PNG, 8-bit RGB: the image with the mask tinted and outlined */
  readonly overlay: Uint8Array;
  /** Share of the pixels that the mask covers, 0 … 1. */
  readonly areaFraction: number;
  /** One per connected component (8-connectivity) of the mask, largest component first. */
  readonly boundingBoxes: readonly BoundingBox[];
  /** PNG, 8-bit grayscale, 0 or 255: the pixels that were allowed to change. `null` without inpainting or transplant. */
  readonly region: Uint8Array | null;
  /** PNG, 8-bit grayscale, 0 or 255: the pixels that are neither clearly defect nor clearly normal; `null` if there are none. */
  readonly ignore: Uint8Array | null;
  /** `null` for a sample from noise, and if the request gave the region. */
  readonly allowedArea: AllowedArea | null;
  /** PNG, 8-bit RGB: the normal twin, if it was requested or is the input image of the inpainting. */
  readonly twin: Uint8Array | null;
  /** Mean of the soft mask inside the mask, 0 … 1: how certain the mask module is. 0 for an empty mask, `null` for a transplant. */
  readonly confidence: number | null;
  /** Measured against the input image or the twin; `null` without either. */
  readonly scores: QualityScores | null;
  readonly transplant: TransplantPlace | null;
}

export interface GenerateOptions {
  /** Cancels the sample. The promise rejects once the device has released it, which takes a step at most. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when the first step is about to run. */
  readonly onStarted?: (() => void) | undefined;
  /**
   * Called after some of the steps: `step` of `steps` are done. The count starts over if the device worker dies or if the sample moves
   * to a faster device.
   */
  readonly onProgress?: ((step: number, steps: number) => void) | undefined;
  /**
   * Called a few times with what the sample is becoming, as a small WebP file. A student, which is as fast as that, has no previews, and
   * neither has a sample that joins another's.
   */
  readonly onPreview?: ((image: Uint8Array) => void) | undefined;
  /**
   * Called each time that a device worker dies while it draws the sample, which then starts over or is given up. The error is the same
   * object for all samples that the worker was drawing.
   */
  readonly onWorkerExit?: ((error: Error) => void) | undefined;
}

/** Generates one sample. The engine, deduplication, the dispatcher, and each device have this signature. */
export type GenerateSample = (request: SampleRequest, options: GenerateOptions) => Promise<SampleResult>;
