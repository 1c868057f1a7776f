/** Connected components of a mask (8-connectivity): the defects that it marks. */
import type { BoundingBox } from '../types.js';

export interface ConnectedComponent {
  readonly box: BoundingBox;
  readonly pixels: number;
  /** The index of its first pixel, row by row. */
  readonly start: number;
}

/** The component with most pixels first; of equals, the one that begins first, row by row. Any value but 0 is inside. */
export function connectedComponents(mask: Uint8Array, width: number): ConnectedComponent[] {
  const unvisited = mask.map((value) => (value === 0 ? 0 : 1));
  const components: ConnectedComponent[] = [];
  for (let start = unvisited.indexOf(1); start >= 0; start = unvisited.indexOf(1, start + 1)) {
    let [left, top, right, bottom, pixels] = [width, Infinity, 0, 0, 0];
    floodFill(unvisited.length / width, width, start, (x, y) => {
      const pixel = y * width + x;
      if (unvisited[pixel] === 0) return false;
      unvisited[pixel] = 0;
      pixels++;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      return true;
    });
    components.push({ box: { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }, pixels, start });
  }
  return components.sort((a, b) => b.pixels - a.pixels);
}

/** The mask of one component, 1 inside, of the size of its box. */
export function componentMask(
  mask: Uint8Array,
  width: number,
  { box, start }: ConnectedComponent,
): Uint8Array<ArrayBuffer> {
  const cutOut = new Uint8Array(box.width * box.height);
  floodFill(mask.length / width, width, start, (x, y) => {
    const pixel = (y - box.y) * box.width + x - box.x;
    if (mask[y * width + x] === 0 || cutOut[pixel] === 1) return false;
    cutOut[pixel] = 1;
    return true;
  });
  return cutOut;
}

/** One box per component, in the order of `connectedComponents`. */
export function boundingBoxes(mask: Uint8Array, width: number): BoundingBox[] {
  return connectedComponents(mask, width).map(({ box }) => box);
}

/** The share of the pixels that are set. */
export function areaFraction(mask: Uint8Array): number {
  return mask.reduce((count, value) => count + (value !== 0 ? 1 : 0), 0) / mask.length;
}

/** Visits the component of `start`. @param visit returns whether the pixel is inside and had not been visited */
function floodFill(height: number, width: number, start: number, visit: (x: number, y: number) => boolean): void {
  const open: number[] = [];
  if (visit(start % width, Math.floor(start / width))) open.push(start);
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++)
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++)
        if (visit(nx, ny)) open.push(ny * width + nx);
  }
}
