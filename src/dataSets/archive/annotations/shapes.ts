/** Draws what annotation tools write. The annotation is untrusted: what drawing costs is bounded by `MAX_CROSSINGS`. */
import type { Polygon, Size } from '../../../inference/index.js';
import { crossingCount, rasterizePolygons } from '../../../inference/index.js';
import type { Pixels } from '../../../references/decodeImage.js';
import type { Ellipse } from './ellipse.js';
import { drawEllipse, rowsOf } from './ellipse.js';
import { NoShapeError } from './noShape.js';
import type { PngMask } from './pngMask.js';
import { drawPngMasks } from './pngMask.js';
import type { Runs, StartedRuns } from './runs.js';
import { drawRuns, drawStartedRuns, markedPixels, requireFits, requireFull, requireWithin } from './runs.js';

/** In pixels; `ofWhole` in shares of the width and the height. */
export type Shape =
  | { readonly polygon: Polygon }
  | { readonly ofWhole: Polygon }
  | { readonly ellipse: Ellipse }
  | { readonly runs: Runs }
  | { readonly startedRuns: StartedRuns }
  | { readonly png: PngMask };

/** An annotation of one defect. */
export interface Annotation {
  readonly label: string;
  readonly shapes: readonly Shape[];
}

/** Characters of the run lengths of one mask. */
const MAX_COMPRESSED = 1_000_000;
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

/**
 * 0 and 255: 255 in any of the shapes. Throws NoShapeError.
 * @param annotated the size that the shapes were drawn for, if it is known
 */
export async function drawShapes(
  shapes: readonly Shape[],
  annotated: Size | undefined,
  { width, height }: Size,
): Promise<Pixels> {
  if (annotated !== undefined) requireSize(annotated, { width, height });
  const polygons = shapes.flatMap((shape) => {
    if ('polygon' in shape) return [shape.polygon];
    return 'ofWhole' in shape ? [shape.ofWhole.map(([x, y]) => [x * width, y * height] as const)] : [];
  });
  const ellipses = shapes.flatMap((shape) => ('ellipse' in shape ? [shape.ellipse] : []));
  const crossings = ellipses.reduce((sum, one) => sum + rowCount(one, height), crossingCount(polygons, height));
  if (crossings > MAX_CROSSINGS)
    throw new NoShapeError(
      `has outlines that cross ${String(crossings)} rows of pixels; at most ${String(MAX_CROSSINGS)} are allowed: simplify them`,
    );
  const runs = shapes.flatMap((shape) => ('runs' in shape ? [shape.runs] : []));
  const started = shapes.flatMap((shape) => ('startedRuns' in shape ? [shape.startedRuns] : []));
  for (const one of runs)
    if (one.box === undefined) requireSize(one, { width, height });
    else requireFits(one, one.box, { width, height });
  for (const one of started) requireWithin(one, { width, height });
  const marked = markedPixels(runs, started);
  if (marked > width * height)
    throw new NoShapeError(`has run lengths that mark ${String(marked)} pixels, more than there are: mark each once`);
  const mask = rasterizePolygons(polygons, width, height);
  for (const one of ellipses) drawEllipse(mask, one, width, height);
  for (const one of runs) drawRuns(mask, one, width);
  for (const one of started) drawStartedRuns(mask, one, { width, height });
  const pngs = shapes.flatMap((shape) => ('png' in shape ? [shape.png] : []));
  await drawPngMasks(mask, pngs, { width, height });
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

function rowCount(ellipse: Ellipse, height: number): number {
  const [first, end] = rowsOf(ellipse, height);
  return Math.max(0, end - first);
}

/** @throws NoShapeError if the runs do not fill the mask, or the box */
export function runsOf(width: number, height: number, counts: readonly number[], box?: Runs['box']): Shape {
  const runs = { width, height, counts, ...(box !== undefined && { box }) };
  requireFull(runs);
  return { runs };
}

/**
 * COCO's compressed run lengths: each number in characters from "0" of five bits and a bit for "more follows", the lowest first
 * and signed; from the third on, the difference from the last but one.
 */
export function compressedCounts(text: string): number[] {
  if (text.length > MAX_COMPRESSED)
    throw new NoShapeError(
      `has run lengths of ${String(text.length)} characters; at most ${String(MAX_COMPRESSED)} are read`,
    );
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
