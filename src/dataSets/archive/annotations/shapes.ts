/** Draws what annotation tools write. The annotation is untrusted: what drawing costs is bounded by `MAX_CROSSINGS`. */
import type { Polygon } from '../../../inference/index.js';
import { crossingCount, rasterizePolygons } from '../../../inference/index.js';
import type { Pixels } from '../../../references/decodeImage.js';

/** In pixels; `ofWhole` in shares of the width and the height. */
export type Shape = { readonly polygon: Polygon } | { readonly ofWhole: Polygon } | { readonly runs: Runs };

/** Lengths of runs down the columns, the first of them outside. */
export interface Runs {
  readonly width: number;
  readonly height: number;
  readonly counts: readonly number[];
}

/** An annotation of one defect. */
export interface Annotation {
  readonly label: string;
  readonly shapes: readonly Shape[];
}

/** An annotation that does not say of every pixel whether it is the defect. The message begins after its name. */
export class NoShapeError extends Error {
  override readonly name = 'NoShapeError';
}

export const BOX = 'has a box, which does not say which of its pixels are the defect: annotate polygons or masks';
/** Of edges with rows of pixels, on one photograph: at most some tenths of a second. */
const MAX_CROSSINGS = 400_000;

/** From x, y, x, y … in pixels. Throws NoShapeError. */
export function polygonOf(numbers: readonly number[]): Shape {
  if (numbers.length < 6 || numbers.length % 2 !== 0)
    throw new NoShapeError(
      `has a polygon of ${String(numbers.length)} numbers: it takes x and y of at least three points`,
    );
  const polygon = Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]] as const);
  return { polygon: polygon as Polygon };
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * 0 and 255: 255 in any of the shapes. Throws NoShapeError.
 * @param annotated the size that the shapes were drawn for, if it is known
 */
export function drawShapes(shapes: readonly Shape[], annotated: Size | undefined, { width, height }: Size): Pixels {
  if (annotated !== undefined) requireSize(annotated, { width, height });
  const polygons = shapes.flatMap((shape) => {
    if ('polygon' in shape) return [shape.polygon];
    return 'ofWhole' in shape ? [shape.ofWhole.map(([x, y]) => [x * width, y * height] as const)] : [];
  });
  const crossings = crossingCount(polygons, height);
  if (crossings > MAX_CROSSINGS)
    throw new NoShapeError(
      `has polygons whose edges cross ${String(crossings)} rows of pixels; at most ${String(MAX_CROSSINGS)} are allowed: simplify them`,
    );
  const runs = shapes.flatMap((shape) => ('runs' in shape ? [shape.runs] : []));
  for (const size of runs) requireSize(size, { width, height });
  const marked = runs.reduce((sum, one) => sum + markedPixels(one), 0);
  if (marked > width * height)
    throw new NoShapeError(`has run lengths that mark ${String(marked)} pixels, more than there are: mark each once`);
  const mask = rasterizePolygons(polygons, width, height);
  for (const one of runs) drawRuns(mask, one);
  if (!mask.includes(1))
    throw new NoShapeError('marks no pixel of the photograph: it lies outside, or is thinner than a pixel');
  for (let i = 0; i < mask.length; i++) mask[i] = mask[i] === 0 ? 0 : 255;
  return { data: Buffer.from(mask.buffer), width, height, channels: 1 };
}

function requireSize(annotated: Size, { width, height }: Size): void {
  if (annotated.width === width && annotated.height === height) return;
  throw new NoShapeError(
    `is for ${String(annotated.width)} × ${String(annotated.height)} pixels; the photograph has ${String(width)} × ${String(height)}`,
  );
}

const markedPixels = ({ counts }: Runs): number => counts.reduce((sum, count, i) => sum + (i % 2) * count, 0);

function drawRuns(mask: Uint8Array, { width, height, counts }: Runs): void {
  let [row, column] = [0, 0];
  for (const [i, count] of counts.entries()) {
    if (i % 2 === 0) {
      column += Math.floor((row + count) / height);
      row = (row + count) % height;
      continue;
    }
    for (let left = count; left > 0; left--) {
      mask[row * width + column] = 1;
      if (++row < height) continue;
      row = 0;
      column++;
    }
  }
}

/** @throws NoShapeError if the runs do not fill the mask */
export function runsOf(width: number, height: number, counts: readonly number[]): Shape {
  if (!counts.every((count) => Number.isInteger(count) && count >= 0))
    throw new NoShapeError('has run lengths that are no whole numbers from 0');
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum === width * height) return { runs: { width, height, counts } };
  throw new NoShapeError(`has runs of ${String(sum)} pixels for a mask of ${String(width)} × ${String(height)}`);
}

/**
 * COCO's compressed run lengths: each number in characters from "0" of five bits and a bit for "more follows", the lowest first
 * and signed; from the third on, the difference from the last but one.
 */
export function compressedCounts(text: string): number[] {
  const counts: number[] = [];
  for (let at = 0; at < text.length;) {
    let [value, shift, more] = [0, 0, true];
    while (more) {
      const bits = text.charCodeAt(at++) - 48;
      if (!(bits >= 0 && bits < 64) || shift > 30) throw new NoShapeError('has run lengths that cannot be read');
      value |= (bits & 31) << shift;
      shift += 5;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0 && shift < 32) value |= -1 << shift;
    }
    counts.push(value + (counts.length > 2 ? (counts.at(-2) ?? 0) : 0));
  }
  return counts;
}
