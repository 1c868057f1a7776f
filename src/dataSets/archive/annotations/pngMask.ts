/** The masks of labelme: a small PNG in the JSON file, at a place of the photograph. It is decoded when it is drawn. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { Size } from '../../../inference/index.js';
import { detectImageType } from '../../../references/imageType.js';
import { textOf } from './json.js';
import { NoShapeError } from './noShape.js';
import type { PointBudget } from './pointBudget.js';
import { requireFits } from './runs.js';

export interface PngMask {
  readonly png: Buffer;
  readonly left: number;
  readonly top: number;
}

/** What a point takes of memory, about. */
const BYTES_PER_POINT = 100;
/** Of the photograph, by its masks together: drawing them takes some tenths of a second. */
const MOST_COVERED = 4;

/** @param mask of the JSON file. Throws NoShapeError. */
export function pngMaskOf(mask: unknown, left: number, top: number, budget: PointBudget): PngMask {
  const png = Buffer.from(textOf(mask, 'the mask of a shape'), 'base64');
  budget.take(png.length / BYTES_PER_POINT);
  if (!Number.isFinite(left) || !Number.isFinite(top))
    throw new NoShapeError('has a mask without a point where it lies');
  if (detectImageType(png) !== 'PNG') throw new NoShapeError('has a mask that is no PNG');
  return { png, left, top };
}

/** Sets the pixels of the masks that are not black to 1. Throws NoShapeError. */
export async function drawPngMasks(whole: Uint8Array, masks: readonly PngMask[], photograph: Size): Promise<void> {
  let left = MOST_COVERED * photograph.width * photograph.height;
  for (const mask of masks) {
    const { width, height } = await orUnreadable(openPng(mask, photograph).metadata());
    requireFits({ width, height }, mask, photograph);
    left -= width * height;
    if (left < 0)
      throw new NoShapeError(
        `has masks of more than ${String(MOST_COVERED)} times its pixels: merge those of one label`,
      );
    await drawPngMask(whole, mask, photograph);
    await turnOfTheLoop();
  }
}

async function drawPngMask(whole: Uint8Array, mask: PngMask, photograph: Size): Promise<void> {
  const grey = openPng(mask, photograph).removeAlpha().toColourspace('b-w').raw();
  const { data, info } = await orUnreadable(grey.toBuffer({ resolveWithObject: true }));
  for (let row = 0; row < info.height; row++) {
    const place = (mask.top + row) * photograph.width + mask.left;
    for (let column = 0; column < info.width; column++)
      if (data[row * info.width + column] !== 0) whole[place + column] = 1;
  }
}

const openPng = ({ png }: PngMask, { width, height }: Size): Sharp =>
  sharp(png, { limitInputPixels: width * height, failOn: 'error', ignoreIcc: true });

async function orUnreadable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new NoShapeError('has a mask that cannot be read as a PNG', { cause });
  }
}
