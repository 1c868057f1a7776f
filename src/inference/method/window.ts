/** Windows: the square of an image that the model sees. */
import { uniforms } from './noise.js';

/** In pixels of the image. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The window's side is at least this multiple of the region's extent. */
const MARGIN = 1.25;
/** The noise stream that places a window at random. The streams of sampling end at 1 + 1000. */
const WINDOW_STREAM = 5001;

/** The box around the pixels of a mask that have the value; `null` if none has. */
export function maskExtent(mask: Uint8Array, width: number, value = 1): (Size & { left: number; top: number }) | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let y = 0; y * width < mask.length; y++) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(value);
    if (first < 0) continue;
    [left, right] = [Math.min(left, first), Math.max(right, row.lastIndexOf(value))];
    [top, bottom] = [Math.min(top, y), y];
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * The window around a region: as large as the windows that the model was trained on, or larger if the region requires it.
 * @throws RangeError if no square of the image contains the region.
 */
export function windowAround(mask: Uint8Array, photograph: Size, usualSide: number): Window {
  const extent = maskExtent(mask, photograph.width);
  if (extent === null) throw new RangeError('the region is empty');
  const most = Math.min(photograph.width, photograph.height);
  const needed = Math.max(extent.width, extent.height);
  if (needed > most) {
    throw new RangeError(
      `the region is ${String(extent.width)} × ${String(extent.height)} pixels; it must fit into a square of ${String(most)}, the photograph's shorter side`,
    );
  }
  const side = Math.min(most, Math.max(usualSide, Math.ceil(needed * MARGIN)));
  return {
    left: placed(extent.left + extent.width / 2, side, photograph.width),
    top: placed(extent.top + extent.height / 2, side, photograph.height),
    side,
  };
}

/** A window that the seed places, with its center on one of the allowed pixels; `null` allows all. */
export function windowBySeed(seed: number, allowed: Uint8Array | null, photograph: Size, usualSide: number): Window {
  const side = Math.min(usualSide, photograph.width, photograph.height);
  const [chance = 0] = uniforms(seed, WINDOW_STREAM, 1);
  const pixel = pixelBy(chance, allowed, photograph);
  return {
    left: placed((pixel % photograph.width) + 0.5, side, photograph.width),
    top: placed(Math.floor(pixel / photograph.width) + 0.5, side, photograph.height),
    side,
  };
}

/** The allowed pixel at this fraction of their number, row by row. */
function pixelBy(chance: number, allowed: Uint8Array | null, { width, height }: Size): number {
  if (allowed === null) return Math.floor(chance * width * height);
  let count = 0;
  for (const value of allowed) count += value === 0 ? 0 : 1;
  let left = Math.floor(chance * count);
  for (let i = 0; i < allowed.length; i++) if (allowed[i] !== 0 && left-- === 0) return i;
  return 0;
}

function placed(middle: number, side: number, length: number): number {
  return Math.min(length - side, Math.max(0, Math.round(middle - side / 2)));
}

/** The window's pixels of an image with `channels` interleaved bytes. */
export function cropWindow(
  bytes: Uint8Array,
  width: number,
  channels: number,
  { left, top, side }: Window,
): Uint8Array<ArrayBuffer> {
  const part = new Uint8Array(side * side * channels);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * channels;
    part.set(bytes.subarray(from, from + side * channels), y * side * channels);
  }
  return part;
}

/** Resizes a square mask from side `from` to side `to`. A pixel is set if any of the source pixels under it is. */
export function resizeMask(region: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return region;
  const result = new Uint8Array(to * to);
  const first = (i: number): number => Math.floor((i * from) / to);
  const last = (i: number): number => Math.max(first(i), Math.ceil(((i + 1) * from) / to) - 1);
  for (let y = 0; y < to; y++)
    for (let x = 0; x < to; x++)
      search: for (let v = first(y); v <= last(y); v++)
        for (let u = first(x); u <= last(x); u++)
          if (region[v * from + u] !== 0) {
            result[y * to + x] = 1;
            break search;
          }
  return result;
}
