/** Where a mask's defects are: its connected regions (8-connectivity), as boxes. */
import type { BoundingBox } from '../types.js';

/** One box per region, the region with most pixels first; of equals, the one met first from the top left. */
export function boundingBoxes(mask: Uint8Array, width: number): BoundingBox[] {
  const seen = new Uint8Array(mask.length);
  const regions: { box: BoundingBox; pixels: number }[] = [];
  mask.forEach((value, start) => {
    if (value !== 0 && seen[start] === 0) regions.push(regionFrom(start, mask, width, seen));
  });
  return regions.sort((a, b) => b.pixels - a.pixels).map((region) => region.box);
}

/** Share of the pixels that are set. */
export function areaFraction(mask: Uint8Array): number {
  return mask.reduce((count, value) => count + (value !== 0 ? 1 : 0), 0) / mask.length;
}

/** Floods one region from its first pixel, marking what it has seen. */
function regionFrom(
  start: number,
  mask: Uint8Array,
  width: number,
  seen: Uint8Array,
): { box: BoundingBox; pixels: number } {
  const height = mask.length / width;
  let [left, top, right, bottom, pixels] = [width, height, 0, 0, 0];
  const open = [start];
  seen[start] = 1;
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    pixels++;
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const neighbour = ny * width + nx;
        if (mask[neighbour] === 0 || seen[neighbour] !== 0) continue;
        seen[neighbour] = 1;
        open.push(neighbour);
      }
    }
  }
  return { box: { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }, pixels };
}
