/** Dilates a mask by a square. */

/** [H·W] of 0 and 1: every pixel at most `by` rows and columns from the mask. */
export function dilateSquare(mask: Uint8Array, width: number, by: number): Uint8Array {
  const height = mask.length / width;
  const along = { length: width, step: 1 };
  const down = { length: height, step: width };
  return dilateAxis(dilateAxis(mask, along, down, by), down, along, by);
}

/** The number of pixels along an axis, and the distance of two of them. */
interface Axis {
  readonly length: number;
  readonly step: number;
}

/** In linear time, whatever the distance. */
function dilateAxis(mask: Uint8Array, axis: Axis, other: Axis, by: number): Uint8Array {
  const dilated = new Uint8Array(mask.length);
  for (let line = 0; line < other.length; line++) {
    const start = line * other.step;
    let filled = 0;
    for (let i = 0; i < axis.length; i++) {
      if (mask[start + i * axis.step] === 0) continue;
      const end = Math.min(axis.length, i + by + 1);
      for (let at = Math.max(filled, i - by); at < end; at++) dilated[start + at * axis.step] = 1;
      filled = end;
    }
  }
  return dilated;
}
