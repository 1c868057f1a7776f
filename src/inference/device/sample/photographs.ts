/** A photograph's pixels, and the region that a request names in it. */
import type { Sharp } from 'sharp';
import sharp from 'sharp';

import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import type { Shape } from '../../method/placement.js';
import { ANY_SHAPES, regionOf } from '../../method/placement.js';
import { rasterised } from '../../method/polygons.js';
import type { Window } from '../../method/window.js';
import { areaFraction } from '../../method/regions.js';
import { cropped, windowAround, windowBySeed } from '../../method/window.js';
import type { AreaRequest, PhotographRequest, PictureFile, SampleRequest } from '../../types.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Photograph extends Size {
  /** [H·W·3] */
  readonly rgb: Uint8Array;
}

/** The square of the photograph that is drawn in, and where in it the defect may lie. */
export interface Place {
  readonly window: Window;
  /** [side·side] of 0 and 1, not empty */
  readonly region: Uint8Array;
  /** Whether the model picks a part of the region. */
  readonly choose: boolean;
}

/** Seeds that are tried for a shape that lies in the allowed area by enough, before the area itself is taken. */
const PLACEMENT_TRIES = 32;
const LEAST_SHARE = 0.5;

/** @throws InferenceError where it is no picture. */
export async function sizeOf(picture: PictureFile): Promise<Size> {
  try {
    const { width, height } = await sharp(picture).metadata();
    return { width, height };
  } catch (error) {
    // A message about a path is nothing for whoever asked for the sample.
    const reason = typeof picture === 'string' ? '' : `: ${(error as Error).message}`;
    throw new InferenceError(`the photograph cannot be read${reason}`, { cause: error });
  }
}

export async function readPhotograph(picture: PictureFile): Promise<Photograph> {
  const { data, info } = await colours(sharp(picture)).toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

/** The window's pixels, [side·side·3]. */
export function readWindow(picture: PictureFile, { left, top, side }: Window): Promise<Uint8Array> {
  return colours(sharp(picture).extract({ left, top, width: side, height: side })).toBuffer();
}

function colours(picture: Sharp): Sharp {
  return picture.removeAlpha().toColourspace('srgb').raw();
}

/** [H·W] of 0 and 1. @throws InferenceError where it is of another size than the photograph. */
export async function readMask(mask: PictureFile, field: string, { width, height }: Size): Promise<Uint8Array> {
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
export function pasted(
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
async function readArea(area: AreaRequest, field: string, photograph: Size): Promise<Uint8Array> {
  const inside =
    typeof area === 'object' && 'polygons' in area
      ? rasterised(area.polygons, photograph.width, photograph.height)
      : await readMask(area, field, photograph);
  if (!inside.includes(1)) throw new InferenceError(`${field} is empty: nothing may change`);
  return inside;
}

/**
 * @param usualSide of the window, in the photograph's pixels, where the region does not need a larger one.
 * @throws InferenceError where the region does not fit the photograph.
 */
export async function placeOf(
  { region }: Pick<PhotographRequest, 'region'>,
  { product, defect, seed }: SampleRequest,
  photograph: Size,
  manifest: Manifest,
  usualSide: number,
): Promise<Place> {
  const { width } = photograph;
  if (region.kind === 'MASK') {
    const mask = await readArea(region.mask, 'region', photograph);
    try {
      const window = windowAround(mask, photograph, usualSide);
      return { window, region: cropped(mask, width, 1, window), choose: false };
    } catch (error) {
      throw new InferenceError((error as Error).message, { cause: error });
    }
  }
  const allowed = region.allowed === null ? null : await readArea(region.allowed, 'allowedArea', photograph);
  const window = windowBySeed(seed, allowed, photograph, usualSide);
  const within =
    allowed === null ? new Uint8Array(window.side ** 2).fill(1) : cropped(allowed, photograph.width, 1, window);
  if (region.kind === 'CHOSEN') return { window, region: within, choose: true };
  const shapes = shapesOf(manifest, product, defect);
  for (let attempt = 0; attempt < PLACEMENT_TRIES; attempt++) {
    // Another seed for each try, the sample's own first; far from those of the samples beside it.
    const shape = regionOf(shapes, seed + attempt * 2 ** 32, window.side);
    const shared = shape.map((value, i) => value & (within[i] ?? 0));
    if (areaFraction(shared) >= LEAST_SHARE * areaFraction(shape)) return { window, region: shared, choose: false };
  }
  return { window, region: within, choose: true };
}

/** The pair's own; of a pair that was never trained, the defect's on other products; else any. */
function shapesOf({ placement }: Manifest, product: string, defect: string): readonly Shape[] {
  const shapes = placement?.shapes ?? {};
  const own = shapes[`${product}/${defect}`];
  if (own !== undefined && own.length > 0) return own;
  const others = Object.entries(shapes).flatMap(([pair, of]) => (pair.endsWith(`/${defect}`) ? of : []));
  return others.length > 0 ? others : ANY_SHAPES;
}

/** A window's pixels at the model's size, [S·S·3]. */
export async function atModelSize(window: Uint8Array, side: number, size: number): Promise<Uint8Array> {
  if (side === size) return window;
  return sharp(window, { raw: { width: side, height: side, channels: 3 } })
    .resize(size, size, { kernel: 'cubic' })
    .raw()
    .toBuffer();
}

/** Bytes [S·S·3] → [3,S,S] in −1 … 1, as the image encoder takes them. */
export function signed(bytes: Uint8Array): Float32Array {
  const plane = bytes.length / 3;
  return Float32Array.from(bytes, (_, i) => (bytes[3 * (i % plane) + Math.floor(i / plane)] ?? 0) / 127.5 - 1);
}
