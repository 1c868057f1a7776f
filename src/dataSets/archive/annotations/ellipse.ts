/** Draws ellipses: of CVAT, which can be turned, and the circles of labelme. A pixel is marked if its middle lies inside. */
import { NoShapeError } from './noShape.js';

export interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly radiusX: number;
  readonly radiusY: number;
  /** In degrees, clockwise. */
  readonly rotation: number;
}

/** Throws NoShapeError. */
export function ellipseOf(x: number, y: number, radiusX: number, radiusY: number, rotation = 0): Ellipse {
  if (![x, y, radiusX, radiusY, rotation].every((value) => Number.isFinite(value)) || radiusX <= 0 || radiusY <= 0)
    throw new NoShapeError('has an ellipse without area');
  return { x, y, radiusX, radiusY, rotation };
}

/** The rows of pixels that it can touch, from the first to the one after the last. */
export function rowsOf({ y, radiusX, radiusY, rotation }: Ellipse, height: number): readonly [number, number] {
  const [cos, sin] = directionOf(rotation);
  const reach = Math.hypot(radiusX * sin, radiusY * cos);
  return [Math.max(0, Math.floor(y - reach)), Math.max(0, Math.min(height, Math.ceil(y + reach) + 1))];
}

/** Sets the pixels inside to 1. */
export function drawEllipse(mask: Uint8Array, ellipse: Ellipse, width: number, height: number): void {
  const { x, y, radiusX, radiusY, rotation } = ellipse;
  const [cos, sin] = directionOf(rotation);
  // Inside, ((dx·cos + dy·sin) / radiusX)² + ((dy·cos − dx·sin) / radiusY)² ≤ 1: a quadratic inequality for dx in each row.
  const a = (cos / radiusX) ** 2 + (sin / radiusY) ** 2;
  const [first, end] = rowsOf(ellipse, height);
  for (let row = first; row < end; row++) {
    const dy = row + 0.5 - y;
    const isInside = (column: number): boolean => {
      const dx = column + 0.5 - x;
      return ((dx * cos + dy * sin) / radiusX) ** 2 + ((dy * cos - dx * sin) / radiusY) ** 2 <= 1;
    };
    const b = dy * cos * sin * (radiusX ** -2 - radiusY ** -2);
    const c = (dy * sin) ** 2 / radiusX ** 2 + (dy * cos) ** 2 / radiusY ** 2 - 1;
    const half = Math.sqrt(Math.max(0, b * b - a * c)) / a;
    const middle = x - b / a;
    // Rounding may be a pixel off; `isInside` decides.
    let left = Math.max(0, Math.floor(middle - half - 0.5));
    let right = Math.min(width - 1, Math.ceil(middle + half - 0.5));
    while (left <= right && !isInside(left)) left++;
    while (right >= left && !isInside(right)) right--;
    if (left <= right) mask.fill(1, row * width + left, row * width + right + 1);
  }
}

function directionOf(rotation: number): readonly [cos: number, sin: number] {
  const angle = (rotation * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}
