/** Applies a change, which has the model's size, to a window of any size. */
import type { Change } from './composition.js';
import { roundHalfToEven } from './rounding.js';

/**
 * The window's pixels with the change, its mask, and what to ignore; nothing of them lies outside the allowed pixels. Bilinear, with aligned pixel
 * centers. Computes only where the opacity is above 0, because a window may have 25 million pixels.
 *
 * @param windowRgb [side·side·3] @param change at `size`×`size` @param allowed [side·side] of 0 and 1
 */
export function applyChangeToWindow(
  windowRgb: Uint8Array,
  change: Change | null,
  allowed: Uint8Array,
  size: number,
  side: number,
): { rgb: Uint8Array; mask: Uint8Array; ignore: Uint8Array } {
  const rgb = new Uint8Array(windowRgb);
  const [mask, ignore] = [new Uint8Array(side * side), new Uint8Array(side * side)];
  if (change === null) return { rgb, mask, ignore };
  const positions = Array.from({ length: side }, (_, i) => sourcePosition(i, size, side));
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const pixel = y * side + x;
      if (allowed[pixel] === 0) continue;
      const corners = cornersOf(positions[y], positions[x], size);
      const opacity = interpolate(change.opacity, corners);
      if (opacity === 0) continue;
      if (interpolate(change.mask, corners) >= 0.5) mask[pixel] = 1;
      else if (interpolate(change.ignore, corners) >= 0.5) ignore[pixel] = 1;
      change.colors.forEach((plane, channel) => {
        const at = 3 * pixel + channel;
        const value = (windowRgb[at] ?? 0) + opacity * interpolate(plane, corners);
        rgb[at] = roundHalfToEven(Math.min(255, Math.max(0, value)));
      });
    }
  }
  return { rgb, mask, ignore };
}

/** The two source pixels that a pixel lies between, along one axis, and how far it is from the lower one. */
interface SourcePosition {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

function sourcePosition(i: number, from: number, to: number): SourcePosition {
  const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
  const low = Math.floor(at);
  return { low, high: Math.min(from - 1, low + 1), fraction: at - low };
}

/** The four pixels around a point and their weights. */
type Corners = readonly (readonly [index: number, weight: number])[];

function cornersOf(row: SourcePosition | undefined, column: SourcePosition | undefined, size: number): Corners {
  if (row === undefined || column === undefined) return [];
  return [
    [row.low * size + column.low, (1 - row.fraction) * (1 - column.fraction)],
    [row.low * size + column.high, (1 - row.fraction) * column.fraction],
    [row.high * size + column.low, row.fraction * (1 - column.fraction)],
    [row.high * size + column.high, row.fraction * column.fraction],
  ];
}

function interpolate(plane: ArrayLike<number>, corners: Corners): number {
  let sum = 0;
  for (const [index, weight] of corners) if (weight > 0) sum += weight * (plane[index] ?? 0);
  return sum;
}
