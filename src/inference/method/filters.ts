/** Filters of one square plane, `size`×`size`, row-major. */

/** Dilates a mask by the four neighbors, `steps` times. */
export function dilate(mask: Uint8Array, size: number, steps: number): Uint8Array {
  let dilated = mask;
  for (let step = 0; step < steps; step++) {
    const before = dilated;
    dilated = before.map((value, i) => {
      if (value !== 0) return 1;
      const x = i % size;
      const near =
        (x > 0 && before[i - 1] === 1) ||
        (x < size - 1 && before[i + 1] === 1) ||
        before[i - size] === 1 ||
        before[i + size] === 1;
      return near ? 1 : 0;
    });
  }
  return dilated;
}

/** A Gaussian, truncated at three standard deviations (`sigma`, in pixels). Beyond the border, the border's values are repeated. */
export function gaussianBlur(values: Float64Array, size: number, sigma: number): Float64Array {
  const radius = Math.ceil(3 * sigma);
  const raw = Float64Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const kernel = raw.map((weight) => weight / sum);
  const columns = convolveAxis(values, size, kernel, size, 1);
  return convolveAxis(columns, size, kernel, 1, size);
}

/** Convolves along one axis. `step` is the distance of two pixels of a line, `lineStep` that of two lines. */
function convolveAxis(
  values: Float64Array,
  size: number,
  kernel: Float64Array,
  step: number,
  lineStep: number,
): Float64Array {
  const result = new Float64Array(values.length);
  const radius = (kernel.length - 1) / 2;
  for (let line = 0; line < size; line++) {
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) {
        const at = Math.min(size - 1, Math.max(0, i + k - radius));
        sum += (kernel[k] ?? 0) * (values[line * lineStep + at * step] ?? 0);
      }
      result[line * lineStep + i * step] = sum;
    }
  }
  return result;
}
