/** Arrays of one shape as one tensor, and back. */
import * as ort from 'onnxruntime-node';

export function integers(values: readonly number[]): ort.Tensor {
  const wide = new BigInt64Array(values.length);
  for (let i = 0; i < wide.length; i++) wide[i] = BigInt(values[i] ?? 0);
  return new ort.Tensor('int64', wide, [values.length]);
}

/** n of [D] → [n,D]. */
export function vectors(rows: readonly Float32Array[]): ort.Tensor {
  return new ort.Tensor('float32', concatenated(rows), [rows.length, rows[0]?.length ?? 0]);
}

export function concatenated(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let offset = 0;
  for (const array of arrays) {
    whole.set(array, offset);
    offset += array.length;
  }
  return whole;
}

/** Views of equal length. */
export function split(whole: Float32Array, parts: number): Float32Array[] {
  const length = whole.length / parts;
  return Array.from({ length: parts }, (_, i) => whole.subarray(i * length, (i + 1) * length));
}
