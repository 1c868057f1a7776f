/** Rasterizes polygons to a mask. */

export type Polygon = readonly (readonly [x: number, y: number])[];

/** [H·W] of 0 and 1: 1 if the pixel's center lies in any of the polygons (each by the even–odd rule). */
export function rasterizePolygons(
  polygons: readonly Polygon[],
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(width * height);
  for (const polygon of polygons) {
    for (let row = 0; row < height; row++) {
      for (const [first, last] of runsOf(polygon, row, width))
        mask.fill(1, row * width + first, row * width + last + 1);
    }
  }
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
    for (let row = 0; row < height; row++) {
      for (const [first, last] of runsOf(polygon, row, width)) {
        [left, right] = [Math.min(left, first), Math.max(right, last)];
        [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
      }
    }
  }
  return { width: Math.max(0, right - left + 1), height: Math.max(0, bottom - top + 1) };
}

/** The first and the last pixel of each run of a row whose centers, column + ½, lie in the polygon. */
function runsOf(polygon: Polygon, row: number, width: number): [number, number][] {
  const crossings = crossingsOf(polygon, row + 0.5);
  const runs: [number, number][] = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const first = Math.max(0, Math.ceil((crossings[i] ?? 0) - 0.5));
    const last = Math.min(width - 1, Math.ceil((crossings[i + 1] ?? 0) - 0.5) - 1);
    if (first <= last) runs.push([first, last]);
  }
  return runs;
}

/** Where the polygon's edges cross the line at height y, from left to right. The number is even. */
function crossingsOf(polygon: Polygon, y: number): number[] {
  return polygon
    .flatMap(([x0, y0], i) => {
      const [x1, y1] = polygon[(i + 1) % polygon.length] ?? [x0, y0];
      return y0 <= y === y1 <= y ? [] : [x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)];
    })
    .sort((a, b) => a - b);
}
