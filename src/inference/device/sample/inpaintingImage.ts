/** The input of an inpainting sample: the image's pixels, and the region that the request names in it. */
import type { Sharp } from 'sharp';
import sharp from 'sharp';

import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { areaFraction } from '../../method/connectedComponents.js';
import type { DefectShape } from '../../method/defectShapes.js';
import { FALLBACK_SHAPES, shapeMask } from '../../method/defectShapes.js';
import { rasterizePolygons } from '../../method/polygons.js';
import type { Size, Window } from '../../method/window.js';
import { cropWindow, windowAround, windowBySeed } from '../../method/window.js';
import type { ImageSource, MaskSource, RegionRequest, SampleRequest } from '../../types.js';

export interface RawImage extends Size {
  /** [H·W·3] */
  readonly rgb: Uint8Array;
}

/** An image file, or the pixels of a normal twin. */
export type InpaintingImage = ImageSource | RawImage;

/** The window of the image that the model sees, and where in it the defect may lie. */
export interface InpaintingRegion {
  readonly window: Window;
  /** [side·side] of 0 and 1, not empty */
  readonly region: Uint8Array;
  /** Whether the model chooses a part of the region. */
  readonly modelChooses: boolean;
}

/** How many seeds are tried for a shape that lies mostly in the allowed area, before the model chooses a part of the area. */
const MAX_SHAPE_TRIES = 32;
const MIN_ALLOWED_SHARE = 0.5;

function isRaw(image: InpaintingImage): image is RawImage {
  return typeof image === 'object' && 'rgb' in image;
}

/** @throws InferenceError if the file is not an image. */
export async function readSize(image: InpaintingImage): Promise<Size> {
  if (isRaw(image)) return image;
  try {
    const { width, height } = await sharp(image).metadata();
    return { width, height };
  } catch (error) {
    // The message names a path of the server, which is not for the client.
    const reason = typeof image === 'string' ? '' : `: ${(error as Error).message}`;
    throw new InferenceError(`the photograph cannot be read${reason}`, { cause: error });
  }
}

/** The pixels, which the caller may change. */
export async function readImage(image: InpaintingImage): Promise<RawImage> {
  if (isRaw(image)) return { ...image, rgb: Uint8Array.from(image.rgb) };
  const { data, info } = await toRawRgb(sharp(image)).toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

/** The window's pixels, [side·side·3]. */
export async function readWindow(image: InpaintingImage, window: Window): Promise<Uint8Array> {
  if (isRaw(image)) return cropWindow(image.rgb, image.width, 3, window);
  const { left, top, side } = window;
  return toRawRgb(sharp(image).extract({ left, top, width: side, height: side })).toBuffer();
}

function toRawRgb(image: Sharp): Sharp {
  return image.removeAlpha().toColourspace('srgb').raw();
}

/** [H·W] of 0 and 1. @throws InferenceError if the mask and the image have different sizes. */
export async function readMask(mask: ImageSource, field: string, { width, height }: Size): Promise<Uint8Array> {
  const { data, info } = await sharp(mask).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height !== height) {
    throw new InferenceError(
      `${field} is ${String(info.width)} × ${String(info.height)} pixels, the photograph ${String(width)} × ${String(height)}`,
    );
  }
  // A plain loop into one array: there may be 40 million pixels.
  const inside = new Uint8Array(width * height);
  for (let i = 0; i < inside.length; i++) inside[i] = (data[i * info.channels] ?? 0) > 127 ? 1 : 0;
  return inside;
}

/** Pastes the window's pixels into `whole`, in place. */
export function pasteWindow(
  whole: Uint8Array,
  width: number,
  pixels: Uint8Array,
  { left, top, side }: Window,
  channels: number,
  combine: (existing: number, pasted: number) => number = (_, pasted) => pasted,
): Uint8Array {
  for (let y = 0; y < side; y++) {
    const start = ((top + y) * width + left) * channels;
    for (let i = 0; i < side * channels; i++)
      whole[start + i] = combine(whole[start + i] ?? 0, pixels[y * side * channels + i] ?? 0);
  }
  return whole;
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

/**
 * @param usualSide the side of the window in pixels of the image, unless the region needs a larger one
 * @throws InferenceError if the region does not fit the image.
 */
export async function selectRegion(
  region: RegionRequest,
  { product, defect, seed }: SampleRequest,
  image: Size,
  manifest: Manifest,
  usualSide: number,
): Promise<InpaintingRegion> {
  const { width } = image;
  if (region.kind === 'MASK') {
    const mask = await readArea(region.mask, 'region', image);
    try {
      const window = windowAround(mask, image, usualSide);
      return { window, region: cropWindow(mask, width, 1, window), modelChooses: false };
    } catch (error) {
      throw new InferenceError((error as Error).message, { cause: error });
    }
  }
  const allowed = region.allowed === null ? null : await readArea(region.allowed, 'allowedArea', image);
  const window = windowBySeed(seed, allowed, image, usualSide);
  const allowedInWindow =
    allowed === null ? new Uint8Array(window.side ** 2).fill(1) : cropWindow(allowed, width, 1, window);
  if (region.kind === 'CHOSEN') return { window, region: allowedInWindow, modelChooses: true };
  const shapes = shapesOf(manifest, product, defect);
  for (let tried = 0; tried < MAX_SHAPE_TRIES; tried++) {
    // The sample's own seed first, then seeds that are far from those of other samples.
    const shape = shapeMask(shapes, seed + tried * 2 ** 32, window.side);
    const inside = shape.map((value, i) => value & (allowedInWindow[i] ?? 0));
    if (areaFraction(inside) >= MIN_ALLOWED_SHARE * areaFraction(shape))
      return { window, region: inside, modelChooses: false };
  }
  return { window, region: allowedInWindow, modelChooses: true };
}

/** The shapes of the pair; for a pair that was never trained, those of the defect on other products; else the fallback. */
function shapesOf({ placement }: Manifest, product: string, defect: string): readonly DefectShape[] {
  const shapes = placement?.shapes ?? {};
  const ofPair = shapes[`${product}/${defect}`];
  if (ofPair !== undefined && ofPair.length > 0) return ofPair;
  const ofDefect = Object.entries(shapes).flatMap(([pair, own]) => (pair.endsWith(`/${defect}`) ? own : []));
  return ofDefect.length > 0 ? ofDefect : FALLBACK_SHAPES;
}

/** A window's pixels at the model's size, [S·S·3]. */
export async function resizeToModel(window: Uint8Array, side: number, size: number): Promise<Uint8Array> {
  if (side === size) return window;
  return sharp(window, { raw: { width: side, height: side, channels: 3 } })
    .resize(size, size, { kernel: 'cubic' })
    .raw()
    .toBuffer();
}

/** Bytes [S·S·3] → [3,S,S] in −1 … 1, the input of the image encoder. */
export function toEncoderInput(bytes: Uint8Array): Float32Array {
  const plane = bytes.length / 3;
  return Float32Array.from(bytes, (_, i) => (bytes[3 * (i % plane) + Math.floor(i / plane)] ?? 0) / 127.5 - 1);
}
