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

test.each([STUDENT, DEFAULT])('all graphs of %s pass', (folder) => {
  for (const component of Object.values(manifestOf(folder).components))
    for (const { file, externalData } of component.variants)
      checkBundleGraph(file, readFileSync(join(folder, file)), component, externalData?.[0]);
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

/** @param place of its one weight, eight bytes, which it stores itself without it */
function graphOf(nodes: readonly Node[], opset = 20, place: readonly (readonly [string, string])[] = []): Uint8Array {
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
        if (place.length === 0) field(tensor, 9, new Uint8Array(8));
        for (const [key, value] of place)
          field(
            tensor,
            13,
            message((entry) => field(entry, 1, Buffer.from(key)).tag(2, WireType.LengthDelimited).string(value)),
          );
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

const placeIn = (location: string, offset = '8', length = '8') => Object.entries({ location, offset, length });
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
  ['weights lie in another file', graphOf([copy], 20, placeIn('g.data')), 'values are not stored in this file'],
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

test.each<[string, boolean, readonly (readonly [string, string])[]]>([
  ['the last bytes of the donor', true, placeIn('whole.onnx')],
  ['a place after its end', false, placeIn('whole.onnx', '9')],
  ['fewer bytes than the tensor has', false, placeIn('whole.onnx', '8', '4')],
  ['a place that is no number', false, placeIn('whole.onnx', '-8')],
  ['another file', false, placeIn('../whole.onnx')],
  ['two files', false, [...placeIn('whole.onnx'), ['location', 'whole.onnx']]],
  ['no place', false, [['location', 'whole.onnx']]],
])('a weight may lie in the graph that the component names: %s, %s', (_, allowed, place) => {
  const check = (): void =>
    checkBundleGraph('g.onnx', graphOf([copy], 20, place), NAMES, { file: 'whole.onnx', bytes: 16 });
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow('has the tensor one [1], whose values are not those of a place in whole.onnx');
});

test('the names of inputs and outputs are those of the manifest', () => {
  expect(() => checkBundleGraph('g.onnx', graphOf([copy]), { inputs: ['x', 'z'], outputs: ['y'] })).toThrow(
    'has the inputs x; bundle.json lists x, z',
  );
});
