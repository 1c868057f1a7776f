/** Typed arrays from a function of the index. `TypedArray.from` with a function iterates, which takes many times as long. */

export function bytesFrom(length: number, valueAt: (i: number) => number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = valueAt(i);
  return bytes;
}

export function float64From(length: number, valueAt: (i: number) => number): Float64Array<ArrayBuffer> {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = valueAt(i);
  return values;
}
