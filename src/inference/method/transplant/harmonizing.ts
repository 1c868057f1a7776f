/**
 * The change by which the model harmonizes a transplanted defect with its surroundings. Unlike a drawn defect
 * (composition.ts), nothing is searched for in it: the whole region changes, softly towards its border, and its mask
 * stays the donor's.
 */
import type { Change } from '../composition.js';
import { innerWeight } from '../composition.js';

/**
 * Everything is one window of the model's size, `size`×`size`.
 * @param drawn, reconstruction [3,H,W] in about −1 … 1
 */
export function harmonizingChange(
  drawn: Float32Array,
  reconstruction: Float32Array,
  region: Uint8Array,
  size: number,
): Change {
  const plane = (channel: number): Float64Array => {
    const start = channel * size * size;
    return Float64Array.from(region, (inside, i) =>
      inside === 0 ? 0 : ((drawn[start + i] ?? 0) - (reconstruction[start + i] ?? 0)) * 127.5,
    );
  };
  return {
    colors: [plane(0), plane(1), plane(2)],
    opacity: innerWeight(region, size),
    mask: region,
    ignore: new Uint8Array(region.length),
  };
}
