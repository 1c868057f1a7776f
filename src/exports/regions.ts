/** The connected regions of a mask (8-connectivity), each cut out by itself: what one annotation tells of. */
import type { BoundingBox } from '../inference/index.js';

export interface Region {
  readonly box: BoundingBox;
  readonly pixels: number;
  /** 1 on the region, of the box's size, row by row. */
  readonly mask: Uint8Array;
}

const SEEN = 1;
const DONE = 2;

/** In the order of a sample's bounding boxes: the region with most pixels first; of equals, the first from the top left. */
export function regionsOf(mask: Uint8Array, width: number): Region[] {
  const left = Uint8Array.from(mask, (value) => (value === 0 ? 0 : 255));
  const regions: Region[] = [];
  for (let start = left.indexOf(255); start >= 0; start = left.indexOf(255, start + 1)) {
    regions.push(cutOut(start, left, width));
  }
  return regions.sort((a, b) => b.pixels - a.pixels);
}

/** Floods the region from one of its pixels, then takes it out of what is left. */
function cutOut(start: number, left: Uint8Array, width: number): Region {
  const height = left.length / width;
  let [x0, x1, y0, y1, pixels] = [width, 0, height, 0, 0];
  const open = [start];
  left[start] = SEEN;
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    pixels++;
    [x0, x1, y0, y1] = [Math.min(x0, x), Math.max(x1, x), Math.min(y0, y), Math.max(y1, y)];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const neighbour = ny * width + nx;
        if (left[neighbour] !== 255) continue;
        left[neighbour] = SEEN;
        open.push(neighbour);
      }
    }
  }
  const box = { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 };
  const mask = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const pixel = (y + y0) * width + x + x0;
      if (left[pixel] !== SEEN) continue;
      left[pixel] = DONE;
      mask[y * box.width + x] = 1;
    }
  }
  return { box, pixels, mask };
}
