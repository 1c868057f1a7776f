/**
 * Connected components of a mask (8-connectivity): the defects that it marks. They are joined from the runs of the rows,
 * so that a mask of 40 megapixels takes a tenth of a second.
 */
import type { BoundingBox } from '../types.js';

export interface ConnectedComponent {
  readonly box: BoundingBox;
  readonly pixels: number;
  /** Its pixels: y, the first x, and the x after the last, of each run. */
  readonly runs: Int32Array;
}

/** The component with most pixels first; of equals, the one that begins first, row by row. Any value but 0 is inside. */
export function connectedComponents(mask: Uint8Array, width: number): ConnectedComponent[] {
  const runs = runsOf(mask, width);
  return groupByRoot(runs, joinRuns(runs))
    .map(component)
    .sort((a, b) => b.pixels - a.pixels);
}

/** The mask of one component, 1 inside, of the size of its box. */
export function componentMask({ box, runs }: ConnectedComponent): Uint8Array<ArrayBuffer> {
  const cutOut = new Uint8Array(box.width * box.height);
  for (let i = 0; i < runs.length; i += 3) {
    const row = ((runs[i] ?? 0) - box.y) * box.width - box.x;
    cutOut.fill(1, row + (runs[i + 1] ?? 0), row + (runs[i + 2] ?? 0));
  }
  return cutOut;
}

/** One box per component, in the order of `connectedComponents`. */
export function boundingBoxes(mask: Uint8Array, width: number): BoundingBox[] {
  return connectedComponents(mask, width).map(({ box }) => box);
}

/** The share of the pixels that are set. */
export function areaFraction(mask: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) count++;
  return count / mask.length;
}

function component(runs: Int32Array): ConnectedComponent {
  let [left, right, pixels] = [Infinity, 0, 0];
  for (let i = 0; i < runs.length; i += 3) {
    const [from = 0, to = 0] = [runs[i + 1], runs[i + 2]];
    if (from < left) left = from;
    if (to > right) right = to;
    pixels += to - from;
  }
  const top = runs[0] ?? 0;
  const bottom = runs.at(-3) ?? 0;
  return { box: { x: left, y: top, width: right - left, height: bottom - top + 1 }, pixels, runs };
}

/** Row by row: y, the first x, and the x after the last. */
function runsOf(mask: Uint8Array, width: number): Int32Array {
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0 && (i % width === 0 || mask[i - 1] === 0)) count++;
  const runs = new Int32Array(count * 3);
  for (let start = 0, y = 0, at = 0; start < mask.length; start += width, y++) {
    const end = start + width;
    for (let i = start; i < end; i++) {
      if (mask[i] === 0) continue;
      const from = i;
      while (i < end && mask[i] !== 0) i++;
      runs[at++] = y;
      runs[at++] = from - start;
      runs[at++] = i - start;
    }
  }
  return runs;
}

/** The runs of each component, in the order of their first ones. */
function groupByRoot(runs: Int32Array, roots: Int32Array): Int32Array[] {
  const lengths = new Int32Array(roots.length);
  for (let run = 0; run < roots.length; run++) add(lengths, rootOf(roots, run), 3);
  const grouped = new Int32Array(runs.length);
  const groups: Int32Array[] = [];
  /** Where the next run of a root is written. */
  const ends = new Int32Array(roots.length);
  for (let run = 0, at = 0; run < roots.length; run++) {
    const root = rootOf(roots, run);
    if (root === run) {
      const length = lengths[run] ?? 0;
      groups.push(grouped.subarray(at, at + length));
      ends[run] = at;
      at += length;
    }
    grouped.set(runs.subarray(run * 3, run * 3 + 3), ends[root]);
    add(ends, root, 3);
  }
  return groups;
}

/** Joins the runs of neighboring rows that touch, also at a corner. The root of a component is its first run. */
function joinRuns(runs: Int32Array): Int32Array {
  const roots = new Int32Array(runs.length / 3).map((_, run) => run);
  let above = 0;
  for (let run = 0; run < roots.length; run++) {
    const [y = 0, left = 0, right = 0] = [runs[run * 3], runs[run * 3 + 1], runs[run * 3 + 2]];
    // Runs that are left behind touch no later run either.
    while (above < run && isBefore(runs, above, y, left)) above++;
    for (let other = above; other < run && runs[other * 3] === y - 1 && (runs[other * 3 + 1] ?? 0) <= right; other++) {
      const [a, b] = [rootOf(roots, run), rootOf(roots, other)];
      roots[Math.max(a, b)] = Math.min(a, b);
    }
  }
  return roots;
}

function isBefore(runs: Int32Array, run: number, y: number, left: number): boolean {
  const row = runs[run * 3] ?? 0;
  return row < y - 1 || (row === y - 1 && (runs[run * 3 + 2] ?? 0) < left);
}

function rootOf(roots: Int32Array, run: number): number {
  let root = run;
  for (let next = roots[root] ?? root; next !== root; next = roots[root] ?? root) {
    // Shortens the way for the next time.
    roots[root] = roots[next] ?? next;
    root = next;
  }
  return root;
}

function add(numbers: Int32Array, index: number, value: number): void {
  numbers[index] = (numbers[index] ?? 0) + value;
}
