/** A photograph's pixels, and the region that a request names in it. */
import type { Sharp } from 'sharp';
import sharp from 'sharp';

import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import type { DefectShape } from '../../method/defectShapes.js';
import { FALLBACK_SHAPES, shapeMask } from '../../method/defectShapes.js';
import { rasterizePolygons } from '../../method/polygons.js';
import type { Window } from '../../method/window.js';
import { areaFraction } from '../../method/connectedComponents.js';
import { cropWindow, windowAround, windowBySeed } from '../../method/window.js';
import type { MaskSource, InpaintingRequest, ImageSource, SampleRequest } from '../../types.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface DecodedImage extends Size {
  /** [H·W·3] */
  readonly rgb: Uint8Array;
}

/** The square of the photograph that is drawn in, and where in it the defect may lie. */
export interface InpaintingRegion {
  readonly window: Window;
  /** [side·side] of 0 and 1, not empty */
  readonly region: Uint8Array;
  /** Whether the model picks a part of the region. */
  readonly modelChooses: boolean;
}

/** Seeds that are tried for a shape that lies in the allowed area by enough, before the area itself is taken. */
const PLACEMENT_TRIES = 32;
const LEAST_SHARE = 0.5;

/** @throws InferenceError where it is no picture. */
export async function readSize(picture: ImageSource): Promise<Size> {
  try {
    const { width, height } = await sharp(picture).metadata();
    return { width, height };
  } catch (error) {
    // A message about a path is nothing for whoever asked for the sample.
    const reason = typeof picture === 'string' ? '' : `: ${(error as Error).message}`;
    throw new InferenceError(`the photograph cannot be read${reason}`, { cause: error });
  }
}

export async function readImage(picture: ImageSource): Promise<DecodedImage> {
  const { data, info } = await toRawRgb(sharp(picture)).toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

/** The window's pixels, [side·side·3]. */
export function readWindow(picture: ImageSource, { left, top, side }: Window): Promise<Uint8Array> {
  return toRawRgb(sharp(picture).extract({ left, top, width: side, height: side })).toBuffer();
}

function toRawRgb(picture: Sharp): Sharp {
  return picture.removeAlpha().toColourspace('srgb').raw();
}

/** [H·W] of 0 and 1. @throws InferenceError where it is of another size than the photograph. */
export async function readMask(mask: ImageSource, field: string, { width, height }: Size): Promise<Uint8Array> {
  const { data, info } = await sharp(mask).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height !== height) {
    throw new InferenceError(
      `${field} is ${String(info.width)} × ${String(info.height)} pixels, the photograph ${String(width)} × ${String(height)}`,
    );
  }
  // In place, and by a plain loop: there may be 40 million of them.
  const inside = new Uint8Array(width * height);
  for (let i = 0; i < inside.length; i++) inside[i] = (data[i * info.channels] ?? 0) > 127 ? 1 : 0;
  return inside;
}

/** `whole` with the window's part in it, changed in place. */
export function pasteWindow(
  whole: Uint8Array,
  width: number,
  part: Uint8Array,
  { left, top, side }: Window,
  channels: number,
  join: (there: number, here: number) => number = (_, here) => here,
): Uint8Array {
  for (let y = 0; y < side; y++) {
    const start = ((top + y) * width + left) * channels;
    for (let i = 0; i < side * channels; i++)
      whole[start + i] = join(whole[start + i] ?? 0, part[y * side * channels + i] ?? 0);
  }
  return whole;
}

/** @throws InferenceError where nothing may change. */
async function readArea(area: MaskSource, field: string, photograph: Size): Promise<Uint8Array> {
  const inside =
    typeof area === 'object' && 'polygons' in area
      ? rasterizePolygons(area.polygons, photograph.width, photograph.height)
      : await readMask(area, field, photograph);
  if (!inside.includes(1)) throw new InferenceError(`${field} is empty: nothing may change`);
  return inside;
}

/**
 * @param usualSide of the window, in the photograph's pixels, where the region does not need a larger one.
 * @throws InferenceError where the region does not fit the photograph.
 */
export async function selectRegion(
  { region }: Pick<InpaintingRequest, 'region'>,
  { product, defect, seed }: SampleRequest,
  photograph: Size,
  manifest: Manifest,
  usualSide: number,
): Promise<InpaintingRegion> {
  const { width } = photograph;
  if (region.kind === 'MASK') {
    const mask = await readArea(region.mask, 'region', photograph);
    try {
      const window = windowAround(mask, photograph, usualSide);
      return { window, region: cropWindow(mask, width, 1, window), modelChooses: false };
    } catch (error) {
      throw new InferenceError((error as Error).message, { cause: error });
    }
  }
  const allowed = region.allowed === null ? null : await readArea(region.allowed, 'allowedArea', photograph);
  const window = windowBySeed(seed, allowed, photograph, usualSide);
  const within =
    allowed === null ? new Uint8Array(window.side ** 2).fill(1) : cropWindow(allowed, photograph.width, 1, window);
  if (region.kind === 'CHOSEN') return { window, region: within, modelChooses: true };
  const shapes = shapesOf(manifest, product, defect);
  for (let attempt = 0; attempt < PLACEMENT_TRIES; attempt++) {
    // Another seed for each try, the sample's own first; far from those of the samples beside it.
    const shape = shapeMask(shapes, seed + attempt * 2 ** 32, window.side);
    const shared = shape.map((value, i) => value & (within[i] ?? 0));
    if (areaFraction(shared) >= LEAST_SHARE * areaFraction(shape))
      return { window, region: shared, modelChooses: false };
  }
  return { window, region: within, modelChooses: true };
}

/** The pair's own; of a pair that was never trained, the defect's on other products; else any. */
function shapesOf({ placement }: Manifest, product: string, defect: string): readonly DefectShape[] {
  const shapes = placement?.shapes ?? {};
  const own = shapes[`${product}/${defect}`];
  if (own !== undefined && own.length > 0) return own;
  const others = Object.entries(shapes).flatMap(([pair, of]) => (pair.endsWith(`/${defect}`) ? of : []));
  return others.length > 0 ? others : FALLBACK_SHAPES;
}

/** A window's pixels at the model's size, [S·S·3]. */
export async function resizeToModel(window: Uint8Array, side: number, size: number): Promise<Uint8Array> {
  if (side === size) return window;
  return sharp(window, { raw: { width: side, height: side, channels: 3 } })
    .resize(size, size, { kernel: 'cubic' })
    .raw()
    .toBuffer();
}

/** Bytes [S·S·3] → [3,S,S] in −1 … 1, as the image encoder takes them. */
export function toEncoderInput(bytes: Uint8Array): Float32Array {
  const plane = bytes.length / 3;
  return Float32Array.from(bytes, (_, i) => (bytes[3 * (i % plane) + Math.floor(i / plane)] ?? 0) / 127.5 - 1);
}
