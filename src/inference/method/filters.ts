/** Filters of one plane, row-major. */
import { bytesFrom, float64From } from './arrays.js';

/** Dilates a mask by the four neighbors, `steps` times. */
export function dilate(mask: Uint8Array, width: number, steps: number): Uint8Array {
  let dilated = mask;
  for (let step = 0; step < steps; step++) {
    const before = dilated;
    dilated = bytesFrom(before.length, (i) => {
      if (before[i] !== 0) return 1;
      const x = i % width;
      const near =
        (x > 0 && before[i - 1] === 1) ||
        (x < width - 1 && before[i + 1] === 1) ||
        before[i - width] === 1 ||
        before[i + width] === 1;
      return near ? 1 : 0;
    });
  }
  return dilated;
}

/** A Gaussian, truncated at three standard deviations (`sigma`, in pixels). Beyond the border, the border's values are repeated. */
export function gaussianBlur(values: Float64Array, width: number, sigma: number): Float64Array {
  const radius = Math.ceil(3 * sigma);
  const raw = float64From(2 * radius + 1, (k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const kernel = raw.map((weight) => weight / sum);
  const height = values.length / width;
  const columns = convolveAxis(values, kernel, { length: height, step: width }, { length: width, step: 1 });
  return convolveAxis(columns, kernel, { length: width, step: 1 }, { length: height, step: width });
}

/** The number of pixels along an axis, and the distance of two of them. */
interface Axis {
  readonly length: number;
  readonly step: number;
}

/** Convolves along one axis. */
function convolveAxis(values: Float64Array, kernel: Float64Array, axis: Axis, other: Axis): Float64Array {
  const result = new Float64Array(values.length);
  const radius = (kernel.length - 1) / 2;
  /** A line and what is repeated beyond its ends. */
  const padded = new Float64Array(axis.length + 2 * radius);
  for (let line = 0; line < other.length; line++) {
    const start = line * other.step;
    for (let i = 0; i < padded.length; i++) {
      const at = Math.min(axis.length - 1, Math.max(0, i - radius));
      padded[i] = values[start + at * axis.step] ?? 0;
    }
    for (let i = 0; i < axis.length; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += (kernel[k] ?? 0) * (padded[i + k] ?? 0);
      result[start + i * axis.step] = sum;
    }
  }
  return result;
}

/** Closes gaps and notches that are at most twice as wide as `steps`, and fills holes. */
export function closeAndFill(mask: Uint8Array, size: number, steps: number): Uint8Array {
  const outside = dilate(invert(dilate(mask, size, steps)), size, steps);
  return fillHoles(
    bytesFrom(mask.length, (i) => (mask[i] === 1 || outside[i] === 0 ? 1 : 0)),
    size,
  );
}

/** Sets the pixels that no path over four neighbors outside the mask joins to the border. */
export function fillHoles(mask: Uint8Array, size: number): Uint8Array {
  const filled = new Uint8Array(mask.length).fill(1);
  const open: number[] = [];
  const visit = (x: number, y: number): void => {
    const pixel = y * size + x;
    if (x < 0 || y < 0 || x >= size || y >= size || mask[pixel] === 1 || filled[pixel] === 0) return;
    filled[pixel] = 0;
    open.push(pixel);
  };
  for (let i = 0; i < size; i++) {
    visit(i, 0);
    visit(i, size - 1);
    visit(0, i);
    visit(size - 1, i);
  }
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    const [x, y] = [pixel % size, Math.floor(pixel / size)];
    visit(x - 1, y);
    visit(x + 1, y);
    visit(x, y - 1);
    visit(x, y + 1);
  }
  return filled;
}

function invert(mask: Uint8Array): Uint8Array {
  return bytesFrom(mask.length, (i) => 1 - (mask[i] ?? 0));
}
