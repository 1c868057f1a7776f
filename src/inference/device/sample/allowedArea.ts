/** Where in an image a region may lie that the request does not give. */
import { InferenceError } from '../../errors.js';
import { areaFraction } from '../../method/connectedComponents.js';
import { enlargeArea, findForeground, reducedSize } from '../../method/foreground.js';
import { rasterizePolygons } from '../../method/polygons.js';
import type { Size } from '../../method/window.js';
import type { AllowedArea, MaskSource, RegionRequest } from '../../types.js';
import type { InpaintingImage } from './inpaintingImage.js';
import { readMask, readReduced } from './inpaintingImage.js';

export interface AllowedPixels {
  /** [H·W] of 0 and 1, not empty; `null` allows all. */
  readonly pixels: Uint8Array | null;
  readonly area: AllowedArea;
}

type PlacedRegion = Exclude<RegionRequest, { readonly kind: 'MASK' }>;

/** @throws InferenceError if the area of the request is empty. */
export async function readAllowedArea(
  { allowed, placement = 1 }: PlacedRegion,
  image: InpaintingImage,
  size: Size,
): Promise<AllowedPixels> {
  if (allowed !== null) return told('REQUEST', await readArea(allowed, 'allowedArea', size));
  return told('FOREGROUND', placement === 1 ? null : await readForeground(image, size));
}

/** The foreground at the image's size; `null` if nothing stands out. */
export async function readForeground(image: InpaintingImage, size: Size, outset?: number): Promise<Uint8Array | null> {
  const reduced = reducedSize(size);
  const found = findForeground(await readReduced(image, reduced), reduced, outset);
  return found === null ? null : enlargeArea(found, reduced, size);
}

/** @throws InferenceError if the area is empty. */
export async function readArea(area: MaskSource, field: string, image: Size): Promise<Uint8Array> {
  const inside =
    typeof area === 'object' && 'polygons' in area
      ? rasterizePolygons(area.polygons, image.width, image.height)
      : await readMask(area, field, image);
  if (!inside.includes(1)) throw new InferenceError(`${field} is empty: nothing may change`);
  return inside;
}

/** Without pixels, the whole image is allowed. */
export function told(source: AllowedArea['source'], pixels: Uint8Array | null): AllowedPixels {
  return pixels === null
    ? { pixels, area: { source: 'WHOLE_IMAGE', share: 1 } }
    : { pixels, area: { source, share: areaFraction(pixels) } };
}
