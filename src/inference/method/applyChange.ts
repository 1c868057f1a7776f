/** A change of the model's size, put onto a window of any size. */
import type { Change } from './composition.js';
import { roundHalfToEven } from './rounding.js';

/**
 * The window's pixels with the change, and its mask; nothing of either outside what is allowed. Bilinear, pixel centres aligned.
 * Only where something is added anything is computed: a window may have 25 million pixels.
 *
 * @param before [side·side·3]. @param change at `size`×`size`. @param allowed [side·side] of 0 and 1.
 */
export function applyChangeToWindow(
  before: Uint8Array,
  change: Change | null,
  allowed: Uint8Array,
  size: number,
  side: number,
): { after: Uint8Array; mask: Uint8Array } {
  const [after, mask] = [Uint8Array.from(before), new Uint8Array(side * side)];
  if (change === null) return { after, mask };
  const lines = Array.from({ length: side }, (_, i) => interpolate(i, size, side));
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const pixel = y * side + x;
      if (allowed[pixel] === 0) continue;
      const corners = cornersOf(lines[y], lines[x], size);
      const opacity = mixed(change.opacity, corners);
      if (opacity === 0) continue;
      if (mixed(change.mask, corners) >= 0.5) mask[pixel] = 1;
      change.colours.forEach((plane, channel) => {
        const at = 3 * pixel + channel;
        const value = (before[at] ?? 0) + opacity * mixed(plane, corners);
        after[at] = roundHalfToEven(Math.min(255, Math.max(0, value)));
      });
    }
  }
  return { after, mask };
}

/** Between which two pixels of a line a pixel of the other size lies, and how far from the first. */
interface Interpolation {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

function interpolate(i: number, from: number, to: number): Interpolation {
  const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
  const low = Math.floor(at);
  return { low, high: Math.min(from - 1, low + 1), share: at - low };
}

/** The four pixels about a point and what each counts. */
type Corners = readonly (readonly [index: number, weight: number])[];

function cornersOf(row: Interpolation | undefined, column: Interpolation | undefined, size: number): Corners {
  if (row === undefined || column === undefined) return [];
  return [
    [row.low * size + column.low, (1 - row.share) * (1 - column.share)],
    [row.low * size + column.high, (1 - row.share) * column.share],
    [row.high * size + column.low, row.share * (1 - column.share)],
    [row.high * size + column.high, row.share * column.share],
  ];
}

function mixed(plane: ArrayLike<number>, corners: Corners): number {
  let sum = 0;
  for (const [index, weight] of corners) if (weight > 0) sum += weight * (plane[index] ?? 0);
  return sum;
}
