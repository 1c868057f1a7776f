/**
 * Where on a photograph a defect is laid: where the surroundings resemble those that it was taken from.
 * Reference: training/defectdiffu/transplant/place.py.
 */
import { roundHalfToEven } from '../rounding.js';
import { maskExtent } from '../window.js';
import type { Donor, Span } from './donor.js';
import { RING, ringOf } from './donor.js';
import type { Rgb } from './image.js';

/** Places that are compared at first. Their distance is the least that keeps to it. */
const MAX_PLACES = 576;
/** Points of the surroundings, evenly spread, that are compared at first, and near the chosen place. */
const RING_POINTS = 32;
const REFINING_POINTS = 128;
/** Of the square of a difference of the mean color, which blending evens out. */
const TONE_WEIGHT = 0.25;
/** A place whose difference is at most this multiple of the least is as good. */
const CLOSE = 1.3;
/** A mean squared difference up to this (3 of 255) counts as none. */
const GRAIN = 9;
/** Of the defect, evenly spread, that are looked up in an area. */
const SHARE_POINTS = 128;
/** Of the photograph's side: how far a defect that reaches a border may be pushed beyond it. */
const SLACK = 0.06;

export interface Place {
  /** Of the donor's canvas, in pixels of the photograph; may be negative. */
  readonly top: number;
  readonly left: number;
  /** Of the surroundings: about the mean square, 0 … 255². */
  readonly difference: number;
}

/** Where a defect may lie on a photograph. */
export interface Area {
  /** [H·W] of the photograph, 0 and 1 */
  readonly pixels: Uint8Array;
  /** The share of the defect that lies in it, or as much as can; `null`: its middle does. */
  readonly least: number | null;
}

/** A point of the donor's surroundings with its color. */
interface RingPoint {
  readonly x: number;
  readonly y: number;
  readonly color: readonly [number, number, number];
}

/** The least and the greatest offset of the canvas. */
interface Offsets {
  readonly min: number;
  readonly max: number;
}

type Offset = readonly [top: number, left: number];
interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * @param choice in (0, 1); chooses among the places that are as good
 * @returns null when no place is allowed
 */
export function findPlace(photograph: Rgb, donor: Donor, area: Area | null, choice: number): Place | null {
  const offsets = allowedOffsets(photograph, donor, area);
  const points = ringPoints(donor, RING_POINTS);
  const places = offsets.map(([top, left]) => placeAt(photograph, points, top, left));
  const least = places.reduce((best, { difference }) => Math.min(best, difference), Infinity);
  const good = places.filter(({ difference }) => difference <= Math.max(least * CLOSE, GRAIN));
  return good[Math.floor(choice * good.length)] ?? null;
}

/** One of all allowed places, whatever surrounds it; else as `findPlace`. */
export function anyPlace(photograph: Rgb, donor: Donor, area: Area | null, choice: number): Place | null {
  const offsets = allowedOffsets(photograph, donor, area);
  const chosen = offsets[Math.floor(choice * offsets.length)];
  return chosen === undefined ? null : placeAt(photograph, ringPoints(donor, RING_POINTS), ...chosen);
}

/** The place that fits best, pixel by pixel, between the found place and its neighbors. */
export function refinePlace(photograph: Rgb, donor: Donor, area: Area | null, near: Place): Place {
  const { rows, columns } = offsetsOf(photograph, donor);
  const step = stepOf(rows, columns);
  const around = (at: number, { min, max }: Offsets): Offsets => ({
    min: Math.max(at - step + 1, min),
    max: Math.min(at + step - 1, max),
  });
  const points = ringPoints(donor, REFINING_POINTS);
  return allowedOf(grid(around(near.top, rows), around(near.left, columns), 1), photograph, donor, area)
    .map(([top, left]) => placeAt(photograph, points, top, left))
    .reduce((best, place) => (place.difference < best.difference ? place : best));
}

/** Closer together if the area is so small that it lies between the places. */
function allowedOffsets(photograph: Rgb, donor: Donor, area: Area | null): readonly Offset[] {
  const { rows, columns } = offsetsOf(photograph, donor);
  for (let step = stepOf(rows, columns); ; step >>= 1) {
    const allowed = allowedOf(grid(rows, columns, step), photograph, donor, area);
    if (allowed.length > 0 || step === 1) return allowed;
  }
}

function offsetsOf({ width, height }: Rgb, donor: Donor): { readonly rows: Offsets; readonly columns: Offsets } {
  const used = maskExtent(donor.mask, donor.width) ?? { left: 0, top: 0, width: 1, height: 1 };
  return {
    rows: offsetsAlong(height, donor.rows, donor.height, used.top, used.height),
    columns: offsetsAlong(width, donor.columns, donor.width, used.left, used.width),
  };
}

function offsetsAlong(side: number, span: Span, canvas: number, first: number, length: number): Offsets {
  if (span.reachesLow || span.reachesHigh) return offsetsAtBorder(side, span, canvas);
  // The surroundings lie on the photograph too, if there is room.
  for (const margin of [RING, 0]) {
    const [min, max] = [margin - first, side - margin - first - length];
    if (min <= max) return { min, max };
  }
  const middle = Math.floor((side - canvas) / 2);
  return { min: middle, max: middle };
}

function offsetsAtBorder(side: number, { low, high, reachesLow, reachesHigh }: Span, canvas: number): Offsets {
  const slack = Math.floor(SLACK * side);
  const atLow = -Math.floor(low + 0.5);
  const atHigh = side - 1 - Math.floor(high + 0.5);
  if (!reachesHigh) return { min: atLow - slack, max: atLow };
  if (!reachesLow) return { min: atHigh, max: atHigh + slack };
  // It crosses the photograph.
  const [min, max] = [Math.max(Math.min(atLow, atHigh), side - canvas), Math.min(Math.max(atLow, atHigh), 0)];
  if (max - min >= slack) return { min, max };
  const middle = Math.floor((side - canvas) / 2);
  return { min: middle - Math.floor(slack / 2), max: middle + Math.floor(slack / 2) };
}

function stepOf(rows: Offsets, columns: Offsets): number {
  let step = 1;
  const count = ({ min, max }: Offsets): number => Math.ceil((max - min + 1) / step);
  while (count(rows) * count(columns) > MAX_PLACES) step++;
  return step;
}

/** At most so many, evenly spread in row order. */
function ringPoints(donor: Donor, most: number): readonly RingPoint[] {
  const ring = pixelsOf(ringOf(donor.mask, donor.width));
  const count = Math.min(most, ring.length);
  return Array.from({ length: count }, (_, i) => {
    const pixel = ring[Math.floor((i * ring.length) / count)] ?? 0;
    const [x, y] = [pixel % donor.width, Math.floor(pixel / donor.width)];
    const color = (channel: number): number => roundHalfToEven(donor.color(x, y, channel));
    return { x, y, color: [color(0), color(1), color(2)] };
  });
}

function pixelsOf(mask: Uint8Array): readonly number[] {
  const pixels: number[] = [];
  for (let i = mask.indexOf(1); i >= 0; i = mask.indexOf(1, i + 1)) pixels.push(i);
  return pixels;
}

function allowedOf(
  offsets: readonly Offset[],
  { width, height }: Rgb,
  donor: Donor,
  area: Area | null,
): readonly Offset[] {
  if (area === null) return offsets;
  const { pixels, least } = area;
  const points = least === null ? [middleOf(donor)] : spreadPoints(donor);
  const shares = offsets.map(([top, left]) => {
    const inside = points.filter(({ x, y }) => pixels[clip(top + y, height) * width + clip(left + x, width)] === 1);
    return inside.length / points.length;
  });
  const enough =
    least === null
      ? 1
      : Math.min(
          least,
          shares.reduce((most, share) => Math.max(most, share), 0),
        );
  return offsets.filter((_, i) => (shares[i] ?? 0) >= enough);
}

function middleOf(donor: Donor): Point {
  const pixels = pixelsOf(donor.mask);
  const mean = (of: (pixel: number) => number): number =>
    Math.floor(pixels.reduce((sum, pixel) => sum + of(pixel), 0) / pixels.length);
  return { x: mean((pixel) => pixel % donor.width), y: mean((pixel) => Math.floor(pixel / donor.width)) };
}

/** At most SHARE_POINTS of the defect, evenly spread in row order. */
function spreadPoints(donor: Donor): readonly Point[] {
  const pixels = pixelsOf(donor.mask);
  const count = Math.min(SHARE_POINTS, pixels.length);
  return Array.from({ length: count }, (_, i) => {
    const pixel = pixels[Math.floor((i * pixels.length) / count)] ?? 0;
    return { x: pixel % donor.width, y: Math.floor(pixel / donor.width) };
  });
}

/** Row by row. */
function grid(rows: Offsets, columns: Offsets, step: number): Offset[] {
  const offsets: Offset[] = [];
  for (let top = rows.min; top <= rows.max; top += step)
    for (let left = columns.min; left <= columns.max; left += step) offsets.push([top, left]);
  return offsets;
}

function placeAt(photograph: Rgb, points: readonly RingPoint[], top: number, left: number): Place {
  return { top, left, difference: differenceAt(photograph, points, top, left) };
}

/** The variance of the difference of the surroundings, and the weighted square of its mean. Beyond its border, the photograph continues. */
function differenceAt({ width, height, rgb }: Rgb, points: readonly RingPoint[], top: number, left: number): number {
  let [red, green, blue, reds, greens, blues] = [0, 0, 0, 0, 0, 0];
  for (const { x, y, color } of points) {
    const at = 3 * (clip(top + y, height) * width + clip(left + x, width));
    const r = (rgb[at] ?? 0) - color[0];
    const g = (rgb[at + 1] ?? 0) - color[1];
    const b = (rgb[at + 2] ?? 0) - color[2];
    red += r;
    green += g;
    blue += b;
    reds += r * r;
    greens += g * g;
    blues += b * b;
  }
  const n = points.length;
  const measure = (sum: number, squares: number): number => squares / n - (1 - TONE_WEIGHT) * (sum / n) * (sum / n);
  return (measure(red, reds) + measure(green, greens) + measure(blue, blues)) / 3;
}

function clip(at: number, length: number): number {
  return Math.min(length - 1, Math.max(0, at));
}
