/** Polygons as a mask. Not through an SVG, which would need a parser of its own for what twenty lines do. */

export type Polygon = readonly (readonly [x: number, y: number])[];

/** [H·W] of 0 and 1: 1 where the pixel's middle lies in any of the polygons (each by the even–odd rule). */
export function rasterised(polygons: readonly Polygon[], width: number, height: number): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(width * height);
  for (const polygon of polygons) {
    for (let row = 0; row < height; row++) {
      const crossings = crossingsOf(polygon, row + 0.5);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        // The pixels whose middle, column + ½, lies from one crossing to the next.
        const first = Math.max(0, Math.ceil((crossings[i] ?? 0) - 0.5));
        const last = Math.min(width - 1, Math.ceil((crossings[i + 1] ?? 0) - 0.5) - 1);
        if (first <= last) mask.fill(1, row * width + first, row * width + last + 1);
      }
    }
  }
  return mask;
}

/** Where a polygon's edges cross the line at height y, from left to right; an even number of them. */
function crossingsOf(polygon: Polygon, y: number): number[] {
  return polygon
    .flatMap(([x0, y0], i) => {
      const [x1, y1] = polygon[(i + 1) % polygon.length] ?? [x0, y0];
      return y0 <= y === y1 <= y ? [] : [x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)];
    })
    .sort((a, b) => a - b);
}
