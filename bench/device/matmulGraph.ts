/// <reference lib="esnext.float16" />
/** A graph that no file holds: (scale·W)·W·W … and the sum of that, with W random, so that nothing but numbers has to travel. */

const ELEMENT = { fp32: 1, fp16: 10 } as const;
type Element = keyof typeof ELEMENT;
/** Random numbers that repeat: drawing 67 million of them takes longer than what is measured. */
const DISTINCT = 2 ** 20 + 7;

/** @returns an ONNX model with the input `scale` [1] and the output `sum` [], both in float32. */
export function matmulChain(size: number, count: number, element: Element): Uint8Array {
  const nodes = [
    node('Cast', ['scale'], 'scaled', ['to', ELEMENT[element]]),
    node('Mul', ['w', 'scaled'], 'y0'),
    ...Array.from({ length: count }, (_, i) => node('MatMul', [`y${String(i)}`, 'w'], `y${String(i + 1)}`)),
    node('Cast', [`y${String(count)}`], 'whole', ['to', ELEMENT.fp32]),
    node('ReduceSum', ['whole'], 'sum', ['keepdims', 0]),
  ];
  const graph = [
    ...nodes.map((one) => field(1, one)),
    field(2, 'products'),
    field(5, weights(size, element)),
    field(11, valueInfo('scale', [1])),
    field(12, valueInfo('sum', [])),
  ];
  const opset = message([field(1, ''), field(2, 20)]);
  return message([field(1, 10), field(8, opset), field(7, message(graph))]);
}

/** Weights of variance 1 / size: products of such matrices neither grow nor vanish. */
function weights(size: number, element: Element): Uint8Array {
  const numbers = element === 'fp32' ? new Float32Array(DISTINCT) : new Float16Array(DISTINCT);
  const bound = Math.sqrt(3 / size);
  for (let i = 0; i < numbers.length; i++) numbers[i] = bound * (2 * Math.random() - 1);
  const pattern = new Uint8Array(numbers.buffer);
  const bytes = new Uint8Array(size * size * numbers.BYTES_PER_ELEMENT);
  for (let at = 0; at < bytes.length; at += pattern.length) bytes.set(pattern.subarray(0, bytes.length - at), at);
  return message([field(1, size), field(1, size), field(2, ELEMENT[element]), field(8, 'w'), field(9, bytes)]);
}

function node(
  operator: string,
  inputs: string[],
  output: string,
  attribute?: [name: string, value: number],
): Uint8Array {
  const INTEGER = 2;
  return message([
    ...inputs.map((input) => field(1, input)),
    field(2, output),
    field(4, operator),
    ...(attribute === undefined
      ? []
      : [field(5, message([field(1, attribute[0]), field(3, attribute[1]), field(20, INTEGER)]))]),
  ]);
}

function valueInfo(name: string, dimensions: readonly number[]): Uint8Array {
  const shape = message(dimensions.map((size) => field(1, message([field(1, size)]))));
  const tensor = message([field(1, ELEMENT.fp32), field(2, shape)]);
  return message([field(1, name), field(2, message([field(1, tensor)]))]);
}

// Protocol buffers, as far as a graph needs them: a whole number, or bytes with their length before them.

function field(number: number, value: number | string | Uint8Array): Uint8Array[] {
  const [VARINT, BYTES] = [0, 2];
  if (typeof value === 'number') return [varint(number * 8 + VARINT), varint(value)];
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return [varint(number * 8 + BYTES), varint(bytes.length), bytes];
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function message(fields: readonly Uint8Array[][]): Uint8Array {
  return Buffer.concat(fields.flat());
}
