/**
 * Blends a varied defect into its new surroundings: their tone, and a feathered border.
 * Reference: training/defectdiffu/transplant/blend.py.
 */
import { gaussianBlur } from '../filters.js';
import { roundHalfToEven } from '../rounding.js';
import { dilateSquare } from './dilation.js';
import type { Donor } from './donor.js';
import { ringOf } from './donor.js';
import type { Rgb } from './image.js';
import type { Place } from './place.js';

/** Pixels by which the border is feathered, on either side of a mask that is wider by as much. */
const FEATHER = 2;
/** Pixels (standard deviation): how softly a change of contrast ends at the mask's border. */
const SOFT = 1;
/** Of 255, added to both sides of a ratio of tones. */
const DARKEST = 8;
/** Of the tone. What lies beyond is evened out by an offset. */
const GAIN = { min: 0.4, max: 2.5 };

/** The part of the photograph that the donor's canvas covers. Outside it, nothing changes. */
export interface BlendedPart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** [H·W·3] */
  readonly rgb: Uint8Array;
  /** [H·W] of 0 and 1, like `region` */
  readonly mask: Uint8Array;
  /** The pixels that may have changed. */
  readonly region: Uint8Array;
}

/** How the colors of the donor become those of the photograph, per channel. */
interface Tone {
  readonly gain: number;
  readonly offset: number;
}

export function blend(photograph: Rgb, donor: Donor, place: Place, strength: number, contrast: number): BlendedPart {
  const [left, right] = overlap(place.left, donor.width, photograph.width);
  const [top, bottom] = overlap(place.top, donor.height, photograph.height);
  const [width, height] = [right - left, bottom - top];
  const onPhotograph = <T extends Uint8Array | Float64Array>(plane: T): T =>
    cut(plane, donor.width, left - place.left, top - place.top, width, height);
  const ground = cut(photograph.rgb, 3 * photograph.width, 3 * left, top, 3 * width, height);
  const mask = onPhotograph(donor.mask);
  const inside = gaussianBlur(Float64Array.from(mask), width, SOFT);
  const opacity = onPhotograph(feathered(donor)).map((value) => strength * value);
  const ring = pixelsOf(onPhotograph(ringOf(donor.mask, donor.width)));
  const rgb = Uint8Array.from(ground);
  for (let channel = 0; channel < 3; channel++) {
    const colorAt = (pixel: number): number =>
      donor.color((pixel % width) + left - place.left, Math.floor(pixel / width) + top - place.top, channel);
    const { gain, offset } = toneOf(ring.map(colorAt), ring.map((pixel) => ground[3 * pixel + channel] ?? 0)); // prettier-ignore
    for (let pixel = 0; pixel < mask.length; pixel++) {
      const alpha = opacity[pixel] ?? 0;
      if (alpha === 0) continue;
      const before = ground[3 * pixel + channel] ?? 0;
      const toned = gain * colorAt(pixel) + offset;
      const color = toned + (inside[pixel] ?? 0) * (contrast - 1) * (toned - before);
      rgb[3 * pixel + channel] = roundHalfToEven(Math.min(255, Math.max(0, before + alpha * (color - before))));
    }
  }
  return { left, top, width, height, rgb, mask, region: Uint8Array.from(opacity, (value) => (value > 0 ? 1 : 0)) };
}

/**
 * The ratio of the surroundings' tones, as if the donor were lit like the photograph. The median over pixels, so that a structure that
 * does not match does not count.
 */
function toneOf(own: readonly number[], there: readonly number[]): Tone {
  if (own.length === 0) return { gain: 1, offset: 0 };
  const ratio = median(own.map((value, i) => ((there[i] ?? 0) + DARKEST) / (value + DARKEST)));
  const gain = Math.min(GAIN.max, Math.max(GAIN.min, ratio));
  return { gain, offset: median(own.map((value, i) => (there[i] ?? 0) - gain * value)) };
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** [H·W]: 1 on the mask, falling to 0 within twice FEATHER pixels of it. */
function feathered({ mask, width }: Donor): Float64Array {
  return gaussianBlur(Float64Array.from(dilateSquare(mask, width, FEATHER)), width, FEATHER / 2);
}

function overlap(start: number, length: number, side: number): readonly [first: number, end: number] {
  return [Math.max(start, 0), Math.min(start + length, side)];
}

/** A rectangle of a plane with rows of `stride` values. */
function cut<T extends Uint8Array | Float64Array>(
  plane: T,
  stride: number,
  left: number,
  top: number,
  width: number,
  height: number,
): T {
  // Not `slice`, which does not copy a Buffer.
  const part = new (plane instanceof Float64Array ? Float64Array : Uint8Array)(width * height) as T;
  for (let y = 0; y < height; y++) {
    const start = (top + y) * stride + left;
    part.set(plane.subarray(start, start + width), y * width);
  }
  return part;
}

function pixelsOf(mask: Uint8Array): readonly number[] {
  const pixels: number[] = [];
  for (let i = mask.indexOf(1); i >= 0; i = mask.indexOf(1, i + 1)) pixels.push(i);
  return pixels;
}
