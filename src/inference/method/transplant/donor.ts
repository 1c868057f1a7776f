/**
 * The defect that is transplanted: cut out of its photograph with its surroundings, and varied.
 * Reference: training/defectdiffu/transplant/donor.py.
 */
import { dilateSquare } from './dilation.js';
import type { Rgb, View } from './image.js';
import { mirrored, quarterTurned, transposed, valueAt, viewOf } from './image.js';
import type { Variation } from './variation.js';

/** Pixels around the mask that are compared with the new surroundings. */
export const RING = 8;
/** Pixels next to the mask that are not: an annotator's outline may leave some of the defect there. */
const RING_GAP = 2;
/** Pixels of surroundings that a donor needs. */
const MARGIN = RING + 2;
/** Of its length: how far a defect from border to border continues on either side, as a mirror image. */
const BEYOND = 0.5;
/** Of the bend's waves, in longer sides of the donor. */
const BEND_PERIOD = 2;

/** What one axis of the canvas holds, in pixels of the canvas. */
export interface Span {
  /** Where the photograph of the donor begins, and where it ends. */
  readonly low: number;
  readonly high: number;
  /** Whether the defect reaches the border there, and so has to lie at a border again. */
  readonly reachesLow: boolean;
  readonly reachesHigh: boolean;
}

/** A varied defect on a canvas of its own. */
export interface Donor {
  readonly width: number;
  readonly height: number;
  /** [H·W] of 0 and 1 */
  readonly mask: Uint8Array;
  readonly rows: Span;
  readonly columns: Span;
  /** The color at a pixel of the canvas, 0 … 255. Computed on demand, because most pixels of a large canvas are never used. */
  color(x: number, y: number, channel: number): number;
}

/** What a photograph and its mask have along one axis. */
interface Used {
  readonly side: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Where the defect reaches the border of its photograph, it continues beyond as its mirror image.
 * @param mask [H·W] of 0 and 1, not empty. A tiny defect may vanish, so that the donor's mask is empty.
 */
export function varyDonor({ width, height, rgb }: Rgb, mask: Uint8Array, variation: Variation): Donor {
  const orient = (view: View): View => {
    const turned = quarterTurned(view, variation.quarterTurns);
    return variation.mirrored ? mirrored(turned) : turned;
  };
  const marks = orient(viewOf(mask, width, height, 1));
  const colors = [0, 1, 2].map((channel) => orient(viewOf(rgb, width, height, 3, channel)));
  const [rows, columns] = [usedRows(marks), usedRows(transposed(marks))];
  const half = halfCanvas(rows, columns, variation);
  const map = mapping(rows, columns, half, variation);
  const size = { width: 2 * half[1] + 1, height: 2 * half[0] + 1 };
  const marked = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++) {
      const [row, column] = map(x, y);
      if (isWithin(row, rows) && isWithin(column, columns) && valueAt(marks, row, column) > 0.5)
        marked[y * size.width + x] = 1;
    }
  return {
    ...size,
    mask: marked,
    rows: spanOf(rows, half[0], variation.scale),
    columns: spanOf(columns, half[1], variation.scale),
    color: (x, y, channel) => valueAt(colors[channel] ?? marks, ...map(x, y)),
  };
}

/** [H·W] of 0 and 1: the surroundings of a mask. If it leaves none, all that is not marked; if all is marked, all. */
export function ringOf(mask: Uint8Array, width: number): Uint8Array {
  const near = dilateSquare(mask, width, RING_GAP);
  const ring = dilateSquare(mask, width, RING).map((value, i) => (value === 1 && near[i] === 0 ? 1 : 0));
  if (ring.includes(1)) return ring;
  return mask.includes(0) ? mask.map((value) => 1 - value) : mask;
}

/** @throws RangeError if the mask is empty. */
function usedRows({ width, height, values, offset, rowStep, columnStep }: View): Used {
  const isUsed = (row: number): boolean => {
    for (let column = 0; column < width; column++)
      if (values[offset + row * rowStep + column * columnStep] !== 0) return true;
    return false;
  };
  let [first, last] = [0, height - 1];
  while (first < height && !isUsed(first)) first++;
  if (first === height) throw new RangeError('the mask of the defect is empty');
  while (!isUsed(last)) last--;
  return { side: height, first, last };
}

const reachesLow = ({ first }: Used): boolean => first === 0;
const reachesHigh = ({ last, side }: Used): boolean => last === side - 1;
/** A whole pixel, so that a defect that is not varied is not blurred either. */
const centerOf = ({ first, last }: Used): number => Math.floor((first + last) / 2);
const halfLength = ({ first, last }: Used): number => (last - first + 1) / 2;

/** Half of the height and width that the turned, scaled, and bent bounding box takes, with its surroundings. */
function halfCanvas(rows: Used, columns: Used, { turn, scale, bend }: Variation): readonly [number, number] {
  const extended = (used: Used): number => halfLength(used) * (reachesLow(used) && reachesHigh(used) ? 1 + BEYOND : 1);
  const [height, width] = [extended(rows), extended(columns)];
  const [cos, sin] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))];
  const longer = 2 * Math.max(height, width);
  return [
    Math.ceil(scale * (cos * height + sin * width) + Math.abs(bend[0]) * longer + MARGIN),
    Math.ceil(scale * (sin * height + cos * width) + Math.abs(bend[1]) * longer + MARGIN),
  ];
}

/** Maps a pixel of the canvas to a point of the photograph: [row, column]. */
function mapping(
  rows: Used,
  columns: Used,
  half: readonly [number, number],
  { turn, scale, bend, phase }: Variation,
): (x: number, y: number) => readonly [row: number, column: number] {
  const longer = 2 * Math.max(halfLength(rows), halfLength(columns));
  const wave = (2 * Math.PI) / (BEND_PERIOD * longer);
  const [cos, sin] = [Math.cos(turn) / scale, Math.sin(turn) / scale];
  const [middleRow, middleColumn] = [centerOf(rows), centerOf(columns)];
  return (canvasX, canvasY) => {
    const [x, y] = [canvasX - half[1], canvasY - half[0]];
    const v = y + bend[0] * longer * Math.sin(wave * x + phase[0]);
    const u = x + bend[1] * longer * Math.sin(wave * y + phase[1]);
    return [middleRow + cos * v - sin * u, middleColumn + sin * v + cos * u];
  };
}

/** The mask ends at the photograph's border, except where the defect reaches it. */
function isWithin(position: number, used: Used): boolean {
  return (reachesLow(used) || position >= -0.5) && (reachesHigh(used) || position <= used.side - 0.5);
}

function spanOf(used: Used, half: number, scale: number): Span {
  return {
    low: half - scale * centerOf(used),
    high: half + scale * (used.side - 1 - centerOf(used)),
    reachesLow: reachesLow(used),
    reachesHigh: reachesHigh(used),
  };
}
