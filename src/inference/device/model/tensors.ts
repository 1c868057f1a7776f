/** Converts arrays of one shape to one tensor, and back. */
import * as ort from 'onnxruntime-node';

import { InferenceError } from '../../errors.js';

export function int64Tensor(values: readonly number[]): ort.Tensor {
  const wide = new BigInt64Array(values.length);
  for (let i = 0; i < wide.length; i++) wide[i] = BigInt(values[i] ?? 0);
  return new ort.Tensor('int64', wide, [values.length]);
}

/** Allocates the memory of a tensor. */
export type Allocate = (length: number) => Float32Array;

const allocate: Allocate = (length) => new Float32Array(length);

/** Named buffers that are reused. */
export type ScratchBuffers = (name: string) => Allocate;

export function createScratchBuffers(): ScratchBuffers {
  const kept = new Map<string, Float32Array>();
  return (name) => (length) => {
    const found = kept.get(name);
    if (found !== undefined && found.length >= length) return found.subarray(0, length);
    const larger = new Float32Array(length);
    kept.set(name, larger);
    return larger;
  };
}

/** n of [D] → [n,D]. @throws InferenceError if they differ in length: then rows would be read across their ends. */
export function stackVectors(rows: readonly Float32Array[], allocateMemory = allocate): ort.Tensor {
  if (rows.some(({ length }) => length !== rows[0]?.length))
    throw new InferenceError('vectors of one tensor differ in length');
  return new ort.Tensor('float32', concatenate(rows, allocateMemory), [rows.length, rows[0]?.length ?? 0]);
}

export function concatenate(arrays: readonly Float32Array[], allocateMemory = allocate): Float32Array {
  const whole = allocateMemory(arrays.reduce((length, array) => length + array.length, 0));
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
