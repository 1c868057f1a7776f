/** Draws run lengths, as tools and data sets write them. */
import type { Size } from '../../../inference/index.js';
import { NoShapeError } from './noShape.js';

/** Lengths of runs, the first of them outside: down the columns of the whole photograph (COCO), or along the rows of a box in it (CVAT). */
export interface Runs extends Size {
  readonly counts: readonly number[];
  /** Where the box begins. */
  readonly box?: { readonly left: number; readonly top: number };
}

/** Starts, from 1, and lengths of runs down the columns of the whole photograph (Severstal). */
export type StartedRuns = readonly number[];

/** @throws NoShapeError if the runs do not fill the mask */
export function requireFull({ width, height, counts }: Runs): void {
  if (!counts.every((count) => Number.isInteger(count) && count >= 0))
    throw new NoShapeError('has run lengths that are no whole numbers from 0');
  const sum = counts.reduce((all, count) => all + count, 0);
  if (sum !== width * height)
    throw new NoShapeError(`has runs of ${String(sum)} pixels for a mask of ${String(width)} × ${String(height)}`);
}

/** @throws NoShapeError if the mask ends outside of the photograph */
export function requireFits(
  { width, height }: Size,
  { left, top }: { readonly left: number; readonly top: number },
  photograph: Size,
): void {
  const isWhole = Number.isInteger(left) && Number.isInteger(top);
  if (isWhole && left >= 0 && top >= 0 && left + width <= photograph.width && top + height <= photograph.height) return;
  throw new NoShapeError(
    `has a mask of ${String(width)} × ${String(height)} pixels at ${String(left)}, ${String(top)}, which does not fit into ${String(photograph.width)} × ${String(photograph.height)}`,
  );
}

/** @throws NoShapeError if a run ends outside of the photograph */
export function requireWithin(started: StartedRuns, { width, height }: Size): void {
  if (pairsOf(started).some(({ start, length }) => start + length > width * height))
    throw new NoShapeError(`has a run that ends after the ${String(width * height)} pixels of the photograph`);
}

export function markedPixels(runs: readonly Runs[], started: readonly StartedRuns[]): number {
  const counts = runs.flatMap((one) => one.counts.filter((_, i) => i % 2 === 1));
  const lengths = started.flatMap(pairsOf).map(({ length }) => length);
  return [...counts, ...lengths].reduce((sum, length) => sum + length, 0);
}

/** Sets the pixels of the runs to 1. @param across the width of the mask */
export function drawRuns(mask: Uint8Array, { width, height, counts, box }: Runs, across: number): void {
  let at = 0;
  for (const [i, count] of counts.entries()) {
    if (i % 2 === 1 && box !== undefined) fillRows(mask, at, count, { ...box, width }, across);
    else if (i % 2 === 1) fillColumns(mask, at, count, height, across);
    at += count;
  }
}

export function drawStartedRuns(mask: Uint8Array, runs: StartedRuns, { width, height }: Size): void {
  for (const { start, length } of pairsOf(runs)) fillColumns(mask, start, length, height, width);
}

/** From 0. */
function pairsOf(runs: StartedRuns): { readonly start: number; readonly length: number }[] {
  return Array.from({ length: runs.length / 2 }, (_, i) => ({
    start: (runs[2 * i] ?? 0) - 1,
    length: runs[2 * i + 1] ?? 0,
  }));
}

function fillColumns(mask: Uint8Array, from: number, count: number, height: number, across: number): void {
  let [row, column] = [from % height, Math.floor(from / height)];
  for (let left = count; left > 0; left--) {
    mask[row * across + column] = 1;
    if (++row < height) continue;
    row = 0;
    column++;
  }
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

function fillRows(mask: Uint8Array, from: number, count: number, { left, top, width }: Box, across: number): void {
  for (let at = from; at < from + count;) {
    const [row, column] = [Math.floor(at / width), at % width];
    const length = Math.min(width - column, from + count - at);
    const place = (top + row) * across + left + column;
    mask.fill(1, place, place + length);
    at += length;
  }
}
