/** The window of an image that the model sees, and the region in it: that of the request, or one that the seed places. */
import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { areaFraction } from '../../method/connectedComponents.js';
import type { DefectShape } from '../../method/defectShapes.js';
import { FALLBACK_SHAPES, shapeMask } from '../../method/defectShapes.js';
import type { Size, Window } from '../../method/window.js';
import { cropWindow, windowAround, windowBySeed } from '../../method/window.js';
import type { AllowedArea, RegionRequest, SampleRequest } from '../../types.js';
import { readAllowedArea, readArea } from './allowedArea.js';
import type { InpaintingImage } from './inpaintingImage.js';

/** The window of the image that the model sees, and where in it the defect may lie. */
export interface InpaintingRegion {
  readonly window: Window;
  /** [side·side] of 0 and 1, not empty */
  readonly region: Uint8Array;
  /** Whether the model chooses a part of the region. */
  readonly modelChooses: boolean;
  /** `null` if the request gave the region. */
  readonly allowedArea: AllowedArea | null;
}

/** How many seeds are tried for a shape that lies mostly in the allowed area, before the model chooses a part of the area. */
const MAX_SHAPE_TRIES = 32;
/** Of a shape, in an area. */
const MIN_SHARE_IN_AREA: { readonly [source in AllowedArea['source']]: number } = {
  REQUEST: 0.5,
  FOREGROUND: 0.75,
  WHOLE_IMAGE: 1,
};

/**
 * @param usualSide the side of the window in pixels of the image, unless the region needs a larger one
 * @throws InferenceError if the region does not fit the image.
 */
export async function selectRegion(
  region: RegionRequest,
  { product, defect, seed }: SampleRequest,
  image: InpaintingImage,
  size: Size,
  manifest: Manifest,
  usualSide: number,
): Promise<InpaintingRegion> {
  const { width } = size;
  if (region.kind === 'MASK') {
    const mask = await readArea(region.mask, 'region', size);
    try {
      const window = windowAround(mask, size, usualSide);
      return { window, region: cropWindow(mask, width, 1, window), modelChooses: false, allowedArea: null };
    } catch (error) {
      throw new InferenceError((error as Error).message, { cause: error });
    }
  }
  const { pixels: allowed, area: allowedArea } = await readAllowedArea(region, image, size);
  const window = windowBySeed(seed, allowed, size, usualSide);
  const allowedInWindow =
    allowed === null ? new Uint8Array(window.side ** 2).fill(1) : cropWindow(allowed, width, 1, window);
  const shape =
    region.kind === 'SHAPE'
      ? shapeInArea(region, allowedInWindow, allowedArea, shapesOf(manifest, product, defect), seed, window.side)
      : null;
  return { window, region: shape ?? allowedInWindow, modelChooses: shape === null, allowedArea };
}

/** The first shape that lies mostly in the area; `null` if none does. */
function shapeInArea(
  { placement = 1 }: Exclude<RegionRequest, { readonly kind: 'MASK' }>,
  allowed: Uint8Array,
  { source }: AllowedArea,
  shapes: readonly DefectShape[],
  seed: number,
  side: number,
): Uint8Array | null {
  for (let tried = 0; tried < MAX_SHAPE_TRIES; tried++) {
    // The sample's own seed first, then seeds that are far from those of other samples.
    const shape = shapeMask(shapes, seed + tried * 2 ** 32, side, placement);
    const inside = shape.map((value, i) => value & (allowed[i] ?? 0));
    // The area of a request is a limit. A found one is a place: a defect on the edge of the part may reach over it.
    if (areaFraction(inside) >= MIN_SHARE_IN_AREA[source] * areaFraction(shape))
      return source === 'REQUEST' ? inside : shape;
  }
  return null;
}

/** The shapes of the pair; for a pair that was never trained, those of the defect on other products; else the fallback. */
function shapesOf({ placement }: Manifest, product: string, defect: string): readonly DefectShape[] {
  const shapes = placement?.shapes ?? {};
  const ofPair = shapes[`${product}/${defect}`];
  if (ofPair !== undefined && ofPair.length > 0) return ofPair;
  const ofDefect = Object.entries(shapes).flatMap(([pair, own]) => (pair.endsWith(`/${defect}`) ? own : []));
  return ofDefect.length > 0 ? ofDefect : FALLBACK_SHAPES;
}
