/** A region mask has two values, and both occur. It is looked at in turns of the event loop. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { maskExtent } from '../inference/index.js';
import type { ServiceError } from '../errors.js';
import type { Pixels } from './decodeImage.js';
import { imageError } from './decodeImage.js';

/** Pixels that are counted before the event loop may run: a fraction of a millisecond. A request takes many turns. */
const CHUNK = 100_000;
const VALUES_IN_ERROR = 5;
const WHITE = 255;

type Size = Pick<Pixels, 'width' | 'height'>;

/** The share of white pixels, above 0 and below 1. Throws `ServiceError`: MASK_NOT_BINARY, MASK_EMPTY, MASK_FULL. */
export async function maskAreaFraction({ data }: Pixels): Promise<number> {
  const counts = await histogram(data);
  const black = counts[0] ?? 0;
  const white = counts[WHITE] ?? 0;
  const others = [...counts.keys()].filter((value) => value !== 0 && value !== WHITE && counts[value] !== 0);
  if (others.length > 0) throw notBinary(others, data.length - black - white);
  if (white === 0) throw imageError('MASK_EMPTY', 'is all black; the region must be white (255)');
  if (black === 0) throw imageError('MASK_FULL', 'is all white; what lies outside the region must be black (0)');
  return white / data.length;
}

/** The width and height of the box around the white pixels, of which there are some. */
export async function maskExtentInTurns({ data, width, height }: Pixels): Promise<Size> {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  const rows = Math.ceil(CHUNK / width);
  for (let y = 0; y < height; y += rows) {
    const found = maskExtent(data.subarray(y * width, (y + rows) * width), width, WHITE);
    await turnOfTheLoop();
    if (found === null) continue;
    [left, right] = [Math.min(left, found.left), Math.max(right, found.left + found.width)];
    [top, bottom] = [Math.min(top, y + found.top), y + found.top + found.height];
  }
  return { width: right - left, height: bottom - top };
}

/** The share of white pixels among the outermost ones, each line whole, so that a corner counts twice. */
export function maskBorderFraction({ data, width, height }: Pixels): number {
  let white = 0;
  for (let x = 0; x < width; x++) {
    if (data[x] === WHITE) white++;
    if (data[(height - 1) * width + x] === WHITE) white++;
  }
  for (let y = 0; y < height; y++) {
    if (data[y * width] === WHITE) white++;
    if (data[y * width + width - 1] === WHITE) white++;
  }
  return white / (2 * (width + height));
}

async function histogram(data: Uint8Array): Promise<Uint32Array> {
  const counts = new Uint32Array(256);
  for (let start = 0; start < data.length; start += CHUNK) {
    for (const value of data.subarray(start, start + CHUNK)) counts[value] = (counts[value] ?? 0) + 1;
    await turnOfTheLoop();
  }
  return counts;
}

/** @param others the values that are neither, which so many pixels have */
export function notBinary(others: readonly number[], pixels: number): ServiceError {
  const some = others.slice(0, VALUES_IN_ERROR).join(', ') + (others.length > VALUES_IN_ERROR ? ' …' : '');
  const values = others.length === 1 ? 'is 1 other value' : `are ${String(others.length)} other values`;
  const where = `in ${String(pixels)} ${pixels === 1 ? 'pixel' : 'pixels'}`;
  const remedy =
    others.length === 1 ? `write 255 where the defect is, not ${some}` : 'save the mask without smoothing, as PNG';
  return imageError('MASK_NOT_BINARY', `every pixel must be 0 or 255; there ${values} (${some}) ${where}; ${remedy}`, {
    otherValues: others.length,
  });
}
