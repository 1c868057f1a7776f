/**
 * Regions like those of the defect's real masks: the size and form of one of the shapes that were measured on the training masks, at the
 * position of another one, both varied a little by the seed. Reference: training/defectdiffu/sampling/placement.py.
 */
import { uniforms } from './noise.js';

/** An ellipse: center and semi-axes relative to the window's side, and the angle in radians from x towards y (down). */
export type DefectShape = readonly [x: number, y: number, major: number, minor: number, angle: number];

const MARGIN = 1.25;
const MAX_ROTATION = 0.3;
const [MIN_SCALE, MAX_SCALE] = [0.8, 1.25];
const MAX_SHIFT = 0.1;
const PLACEMENT_STREAM = 5000;

/** How regions of shapes are placed and sized. A version never changes, so that a seed keeps its place. */
export type PlacementVersion = 1 | 2;
export const NEWEST_PLACEMENT: PlacementVersion = 2;

/** In shares of the window's side. */
interface RegionSizes {
  /** Added to both semi-axes: a drawn defect does not fill its region. */
  readonly padding: number;
  readonly minSemiAxis: number;
  readonly maxSemiAxis: number;
  /** The border of the window in which no region lies: a defect that the window cuts off would show a seam. */
  readonly rim: number;
}

const SIZES: { readonly [version in PlacementVersion]: RegionSizes } = {
  1: { padding: 0, minSemiAxis: 0.12, maxSemiAxis: 0.45, rim: 0 },
  // As real defects, small and large.
  2: { padding: 0.024, minSemiAxis: 0, maxSemiAxis: 0.7, rim: 0.016 },
};

/** For a bundle without shapes of a defect: a few forms of medium size in the middle half of the window. */
export const FALLBACK_SHAPES: readonly DefectShape[] = [
  [0.5, 0.5, 0.2, 0.15, 0],
  [0.35, 0.4, 0.25, 0.1, 0.6],
  [0.6, 0.45, 0.15, 0.15, 0],
  [0.45, 0.62, 0.3, 0.08, 2.4],
];

/** A region of `size`×`size`, 1 inside. @param shapes not empty */
export function shapeMask(
  shapes: readonly DefectShape[],
  seed: number,
  size: number,
  version: PlacementVersion,
): Uint8Array<ArrayBuffer> {
  const { padding, minSemiAxis, maxSemiAxis, rim } = SIZES[version];
  const [form = 0, place = 0, turn = 0, scale = 0, dx = 0, dy = 0] = uniforms(seed, PLACEMENT_STREAM, 6);
  const shape = shapes[Math.floor(form * shapes.length)] ?? FALLBACK_SHAPES[0];
  const position = shapes[Math.floor(place * shapes.length)] ?? FALLBACK_SHAPES[0];
  if (shape === undefined || position === undefined) throw new RangeError('there is no shape to draw a region from');
  const grow = MARGIN * (MIN_SCALE + scale * (MAX_SCALE - MIN_SCALE));
  const semiAxis = (length: number): number => clamp((length + padding) * grow, minSemiAxis, maxSemiAxis);
  const [major, minor] = [semiAxis(shape[2]), semiAxis(shape[3])];
  const angle = shape[4] + MAX_ROTATION * (2 * turn - 1);
  // Half of the ellipse's width and height: the whole ellipse lies in the window.
  const halfWidth = Math.hypot(major * Math.cos(angle), minor * Math.sin(angle));
  const halfHeight = Math.hypot(major * Math.sin(angle), minor * Math.cos(angle));
  const x = clamp(position[0] + MAX_SHIFT * (2 * dx - 1), Math.min(halfWidth, 0.5), Math.max(1 - halfWidth, 0.5));
  const y = clamp(position[1] + MAX_SHIFT * (2 * dy - 1), Math.min(halfHeight, 0.5), Math.max(1 - halfHeight, 0.5));
  const region = new Uint8Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [centerX, centerY] = [(column + 0.5) / size, (row + 0.5) / size];
      if (Math.min(centerX, centerY) <= rim || Math.max(centerX, centerY) >= 1 - rim) continue;
      const [u, v] = [centerX - x, centerY - y];
      const along = u * Math.cos(angle) + v * Math.sin(angle);
      const across = -u * Math.sin(angle) + v * Math.cos(angle);
      region[row * size + column] = (along / major) ** 2 + (across / minor) ** 2 <= 1 ? 1 : 0;
    }
  }
  return region;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
