/** The check of graphs that tenants bring: what the training package writes passes, and what could do something else does not. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { checkBundleGraph } from '../../src/inference/bundle/bundleGraph.js';
import type { Manifest } from '../../src/inference/index.js';
import { DEFAULT_BUNDLE } from '../support/defaultBundle.js';
import { STUDENT_MODELS } from './studentAdapters.js';

const STUDENT = join(STUDENT_MODELS, 'student', '1.0.0');
const DEFAULT = join('models', ...DEFAULT_BUNDLE.split('@'));

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8')) as Manifest;

test.each([STUDENT, DEFAULT])('all graphs of %s pass that store their own weights', (folder) => {
  for (const component of Object.values(manifestOf(folder).components))
    for (const { file, externalData } of component.variants)
      if (externalData === undefined) checkBundleGraph(file, readFileSync(join(folder, file)), component);
  expect(readdirSync(folder).length).toBeGreaterThan(6);
});

const NAMES = { inputs: ['x'], outputs: ['y'] };

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly domain?: string;
  /** Field number and bytes of an attribute. */
  readonly attribute?: readonly [field: number, bytes: Uint8Array];
}

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const field = (writer: BinaryWriter, number: number, bytes: Uint8Array): BinaryWriter =>
  writer.tag(number, WireType.LengthDelimited).bytes(bytes);
const named = (name: string): Uint8Array => message((writer) => writer.tag(1, WireType.LengthDelimited).string(name));

function graphOf(nodes: readonly Node[], opset = 20, location = false): Uint8Array {
  const graph = message((writer) => {
    for (const { op, inputs, output, domain = '', attribute } of nodes)
      field(
        writer,
        1,
        message((node) => {
          for (const input of inputs) node.tag(1, WireType.LengthDelimited).string(input);
          node.tag(2, WireType.LengthDelimited).string(output).tag(4, WireType.LengthDelimited).string(op);
          if (attribute !== undefined)
            field(
              node,
              5,
              message((inner) => field(inner, ...attribute)),
            );
          node.tag(7, WireType.LengthDelimited).string(domain);
        }),
      );
    field(
      writer,
      5,
      message((tensor) => {
        tensor.tag(1, WireType.Varint).int64(1).tag(2, WireType.Varint).int32(7);
        tensor.tag(8, WireType.LengthDelimited).string('one');
        field(tensor, 9, new Uint8Array(8));
        if (location) field(tensor, 13, named('location'));
      }),
    );
    field(writer, 11, named('x'));
    field(writer, 12, named('y'));
  });
  return message((writer) => {
    field(writer, 7, graph);
    field(
      writer,
      8,
      message((set) => set.tag(2, WireType.Varint).int64(opset)),
    );
  });
}

const copy: Node = { op: 'Reshape', inputs: ['x', 'one'], output: 'y' };

test('a size that follows from the shapes of inputs is allowed', () => {
  const sized = [
    { op: 'Shape', inputs: ['x'], output: 's' },
    { op: 'Expand', inputs: ['one', 's'], output: 'y' },
  ];
  expect(() => checkBundleGraph('g.onnx', graphOf([copy]), NAMES)).not.toThrow();
  expect(() => checkBundleGraph('g.onnx', graphOf(sized), NAMES)).not.toThrow();
});

test.each<[string, Uint8Array, string]>([
  [
    'the values of an input decide a size',
    graphOf([
      { op: 'Cast', inputs: ['x'], output: 'n' },
      { op: 'Expand', inputs: ['one', 'n'], output: 'y' },
    ]),
    'computes the size of a tensor from the values of its inputs, in a node Expand that reads "n"',
  ],
  ['there is a loop', graphOf([{ op: 'Loop', inputs: ['x'], output: 'y' }]), 'has the operator Loop'],
  [
    'an operator is somebody else’s',
    graphOf([{ op: 'Run', inputs: ['x'], output: 'y', domain: 'evil' }]),
    'has the operator evil.Run',
  ],
  [
    'there is a graph within the graph',
    graphOf([{ ...copy, attribute: [6, named('inner')] }]),
    'has the attribute  of Reshape, which is no number, no text, and no list of them',
  ],
  ['weights lie in another file', graphOf([copy], 20, true), 'values are not stored in this file'],
  ['the opset is new', graphOf([copy], 99), 'has opset 99; 13 to 21 are allowed'],
  ['it is no graph', new Uint8Array([1, 2, 3]), 'is not an ONNX file'],
  [
    'it has thousands of nodes',
    graphOf(Array.from({ length: 5000 }, () => copy)),
    'has 5000 nodes; at most 4096 are allowed',
  ],
])('it is refused if %s', (_, bytes, problem) => {
  expect(() => checkBundleGraph('g.onnx', bytes, NAMES)).toThrow(problem);
});

test('the names of inputs and outputs are those of the manifest', () => {
  expect(() => checkBundleGraph('g.onnx', graphOf([copy]), { inputs: ['x', 'z'], outputs: ['y'] })).toThrow(
    'has the inputs x; bundle.json lists x, z',
  );
});
