/** Rasterizes polygons to a mask. */

export type Polygon = readonly (readonly [x: number, y: number])[];

/** [H·W] of 0 and 1: 1 if the pixel's center lies in any of the polygons (each by the even–odd rule). */
export function rasterizePolygons(
  polygons: readonly Polygon[],
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(width * height);
  for (const polygon of polygons)
    for (const [row, first, last] of runsOf(polygon, width, height))
      mask.fill(1, row * width + first, row * width + last + 1);
  return mask;
}

/** Width and height of the box around the pixels that `rasterizePolygons` would set; both 0 if there are none. */
export function polygonsExtent(
  polygons: readonly Polygon[],
  width: number,
  height: number,
): { width: number; height: number } {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (const polygon of polygons) {
    for (const [row, first, last] of runsOf(polygon, width, height)) {
      [left, right] = [Math.min(left, first), Math.max(right, last)];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    }
  }
  return { width: Math.max(0, right - left + 1), height: Math.max(0, bottom - top + 1) };
}

/** How many crossings of an edge and the middle of a row there can be: what rasterizing costs. */
export function crossingCount(polygons: readonly Polygon[], height: number): number {
  let count = 0;
  for (const polygon of polygons) for (const { first, last } of edgesOf(polygon, height)) count += last - first + 1;
  return count;
}

/** The row, and the first and the last pixel of each run whose centers, column + ½, lie in the polygon. */
function* runsOf(
  polygon: Polygon,
  width: number,
  height: number,
): Generator<[row: number, first: number, last: number]> {
  for (const [row, crossings] of crossingsByRow(polygon, height)) {
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil((crossings[i] ?? 0) - 0.5));
      const last = Math.min(width - 1, Math.ceil((crossings[i + 1] ?? 0) - 0.5) - 1);
      if (first <= last) yield [row, first, last];
    }
  }
}

/** Where the polygon's edges cross the middle of each row. Their number is even. */
function crossingsByRow(polygon: Polygon, height: number): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  for (const { from, to, first, last } of edgesOf(polygon, height)) {
    const [[x0, y0], [x1, y1]] = [from, to];
    for (let row = first; row <= last; row++) {
      const crossing = x0 + ((row + 0.5 - y0) / (y1 - y0)) * (x1 - x0);
      const others = rows.get(row);
      if (others === undefined) rows.set(row, [crossing]);
      else others.push(crossing);
    }
  }
  return rows;
}

interface Edge {
  readonly from: Polygon[number];
  readonly to: Polygon[number];
  /** The rows whose middle, row + ½, it crosses: the upper end belongs to it, the lower one does not. */
  readonly first: number;
  readonly last: number;
}

function* edgesOf(polygon: Polygon, height: number): Generator<Edge> {
  for (const [i, from] of polygon.entries()) {
    const to = polygon[(i + 1) % polygon.length] ?? from;
    const first = Math.max(0, Math.ceil(Math.min(from[1], to[1]) - 0.5));
    const last = Math.min(height - 1, Math.ceil(Math.max(from[1], to[1]) - 0.5) - 1);
    if (first <= last) yield { from, to, first, last };
  }
}
