/** The check of uploaded graphs. The hostile ones are the real one with a few bytes changed or added, as protobuf allows. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkAdapterGraph } from '../../src/inference/bundle/adapterGraph.js';
import type { Bundle } from '../../src/inference/index.js';
import { loadBundles } from '../../src/inference/index.js';
import { readOnnx } from '../../src/inference/bundle/onnxFile.js';
import { STUDENT_ADAPTERS, STUDENT_MODELS } from './studentAdapters.js';

const graph = readFileSync(join(STUDENT_ADAPTERS, 'cog', '1.0.0', 'modulation_change.onnx'));
const TEXT = readOnnx(graph).inputs.find(({ name }) => name === 'text')?.dims[1] as number;
const size = ({ dims }: { dims: readonly number[] }): number => dims.reduce((product, dim) => product * dim, 1);
const [LARGEST = { name: '' }] = readOnnx(graph).initializers.toSorted((a, b) => size(b) - size(a));
let base: Bundle;
beforeAll(async () => {
  [base] = (await loadBundles(STUDENT_MODELS)) as [Bundle];
});

const check =
  (bytes: Uint8Array, phrases = TEXT) =>
  (): void =>
    checkAdapterGraph('graph', bytes, { phrases, base });

interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly graphAttribute?: boolean;
}

/** A second occurrence of a message is merged with the first by protobuf, so this graph has the nodes of both. */
function withNodes(nodes: readonly NewNode[]): Uint8Array {
  const [{ start, end, header }] = fieldOf(graph, 7) as [Field];
  const own = graph.subarray(start, end);
  const added = new BinaryWriter();
  for (const { op, inputs, output, graphAttribute = false } of nodes) {
    const node = new BinaryWriter();
    for (const input of inputs) node.tag(1, WireType.LengthDelimited).string(input);
    node.tag(2, WireType.LengthDelimited).string(output).tag(4, WireType.LengthDelimited).string(op);
    if (graphAttribute) {
      const attribute = new BinaryWriter().tag(1, WireType.LengthDelimited).string('body');
      node.tag(5, WireType.LengthDelimited).bytes(attribute.tag(6, WireType.LengthDelimited).bytes(own).finish());
    }
    added.tag(1, WireType.LengthDelimited).bytes(node.finish());
  }
  const body = Buffer.concat([own, added.finish()]);
  const whole = new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(body).finish();
  return Buffer.concat([graph.subarray(0, header), whole, graph.subarray(end)]);
}

interface Field {
  /** Where its tag starts. */
  readonly header: number;
  readonly start: number;
  readonly end: number;
}

function fieldOf(bytes: Uint8Array, wanted: number): Field[] {
  const found: Field[] = [];
  const varint = (at: number): [value: number, next: number] => {
    let [value, shift, i] = [0, 0, at];
    for (;;) {
      const byte = bytes[i++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return [value, i];
      shift += 7;
    }
  };
  for (let at = 0; at < bytes.length;) {
    const header = at;
    const [tag, afterTag] = varint(at);
    const [value, after] = varint(afterTag);
    at = (tag & 7) === 2 ? after + value : after;
    if (tag >> 3 === wanted) found.push({ header, start: after, end: at });
  }
  return found;
}

test('the graph that export writes passes', () => {
  expect(check(graph)).not.toThrow();
  expect(check(withNodes([]))).not.toThrow();
});

test.each<[string, readonly NewNode[], RegExp]>([
  [
    'an operator that it does not need',
    [{ op: 'Loop', inputs: ['text'], output: 'x' }],
    /has the operator Loop; allowed are Add, /,
  ],
  [
    'a graph within the graph',
    [{ op: 'Sin', inputs: ['text'], output: 'x', graphAttribute: true }],
    /has the attribute body of Sin, which is not a number/,
  ],
  [
    'more nodes than it needs',
    Array.from({ length: 40 }, (_, i) => ({ op: 'Sin', inputs: ['text'], output: `x${String(i)}` })),
    /has 60 nodes; an adapter's graph has at most 48/,
  ],
  [
    'a tensor that grows with the square of the conditions',
    [
      { op: 'Unsqueeze', inputs: ['background_change', 'val_9'], output: 'wide' },
      { op: 'Mul', inputs: ['wide', 'background_change'], output: 'square' },
    ],
    /computes a tensor \[1024, 1024, \d+\] in a node Mul for 1024 conditions; at most \d+ elements are allowed/,
  ],
  [
    'axes that are computed',
    [{ op: 'Unsqueeze', inputs: ['text', 'timestep'], output: 'x' }],
    /has a node Unsqueeze whose axes are not stored in the file/,
  ],
  [
    'tensors joined that do not fit',
    [{ op: 'Concat', inputs: ['text', 'timestep'], output: 'x' }],
    /joins tensors of \[1, \d+\] and \[1\] in a node Concat/,
  ],
  [
    'work that its weights do not need',
    Array.from({ length: 28 }, (_, i) => ({ op: 'Sin', inputs: [LARGEST.name], output: `x${String(i)}` })),
    /computes more for one condition than its weights need/,
  ],
  ['a tensor from nowhere', [{ op: 'Sin', inputs: ['nothing'], output: 'x' }], /reads "nothing" in a node Sin/],
])('a graph with %s is refused', (_, nodes, message) => {
  expect(check(withNodes(nodes))).toThrow(message);
});

test('a graph for other embeddings is refused', () => {
  expect(check(graph, TEXT + 1)).toThrow(`has phrases of ${String(TEXT + 1)} values; the base reads ${String(TEXT)}`);
});

test('weights in another file are refused: they would be read with the rights of the service', () => {
  const renamed = Buffer.from(graph);
  // The number of raw_data becomes that of external_data.
  const tag = Buffer.from([(9 << 3) | 2]);
  for (let at = renamed.indexOf(tag); at !== -1; at = renamed.indexOf(tag, at + 1)) renamed[at] = (13 << 3) | 2;
  expect(check(renamed)).toThrow(/not stored as raw data in this file|is not an ONNX file/);
});

test('what is no ONNX file is refused', () => {
  expect(check(Buffer.from('PK\u0003\u0004 nothing of the kind'))).toThrow(
    /^graph: is not an ONNX file|^graph: has 0 graphs/,
  );
  expect(check(graph.subarray(0, 4000))).toThrow('is not an ONNX file');
});

test('empty nodes, and numbers of a dimension, without end are refused before they are read', () => {
  const nodes = Buffer.from([0x0a, 0]).toString('latin1').repeat(100_000);
  const dims = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(Buffer.alloc(100_000)).finish();
  const tensor = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(dims).finish();
  for (const body of [Buffer.from(nodes, 'latin1'), tensor]) {
    const bytes = new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(body).finish();
    expect(check(bytes)).toThrow('is not an ONNX file: has more than 100000 fields');
  }
});
