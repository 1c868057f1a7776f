/** Reads what an ONNX file says of its graph, without running it: onnx.proto, the fields that a check needs. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

export interface OnnxTensor {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  /** `raw_data`, little-endian. */
  readonly data: Uint8Array;
  /** The entries of `external_data`: a place in another file. */
  readonly external: readonly (readonly [key: string, value: string])[];
  /** The numbers of fields that it has beside those above, its name, and its documentation. */
  readonly otherFields: readonly number[];
}

export interface OnnxAttribute {
  readonly name: string;
  readonly int: number;
  /** Whether it is a single number, and no tensor, graph, or list. */
  readonly isNumber: boolean;
  /** Whether it is a number, a text, or a list of them, and no tensor or graph. */
  readonly isPlain: boolean;
}

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
}

/** An input or output of the graph. A dimension is a number, or the name of a free one. */
export interface OnnxValue {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  /** What an ordinary graph has none of: functions, training, and sparse tensors. */
  readonly unusual: readonly string[];
}

/** The element types of TensorProto that graphs here have. */
export const ONNX_TYPES = { float32: 1, int64: 7, float16: 10 } as const;

type Fields = ReadonlyMap<number, readonly unknown[]>;

/** Field number → how it is read. Others are skipped, and counted. */
type Readers = Readonly<Record<number, (reader: BinaryReader, wire: WireType) => unknown>>;

/**
 * Fields and numbers of one file: what a tenant uploads can be millions of empty nodes, of two bytes each. Reading this many
 * takes a tenth of a second; the graphs of the bundles here have at most 12,000.
 */
const MAX_FIELDS = 100_000;
/** Of the file that is being read, which is done in one turn. */
let fieldsLeft = 0;

function takeField(): void {
  fieldsLeft -= 1;
  if (fieldsLeft < 0) throw new Error(`has more than ${String(MAX_FIELDS)} fields`);
}

/** @throws Error if the bytes are not of this format, or have too many fields. */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  fieldsLeft = MAX_FIELDS;
  const model = readMessage(bytes, { 7: (reader) => reader.bytes(), 8: (reader) => opset(reader.bytes()) });
  const graphs = many<Uint8Array>(model, 7);
  const [graph] = graphs;
  if (graph === undefined || graphs.length > 1) throw new Error(`has ${String(graphs.length)} graphs`);
  const fields = readMessage(graph, {
    1: (reader) => node(reader.bytes()),
    5: (reader) => tensor(reader.bytes()),
    11: (reader) => value(reader.bytes()),
    12: (reader) => value(reader.bytes()),
  });
  const unusual = { functions: model.has(25), 'training information': model.has(20), 'sparse tensors': fields.has(15) };
  return {
    nodes: many(fields, 1),
    initializers: many(fields, 5),
    inputs: many(fields, 11),
    outputs: many(fields, 12),
    opsets: many(model, 8),
    unusual: Object.entries(unusual).flatMap(([name, present]) => (present ? [name] : [])),
  };
}

function readMessage(bytes: Uint8Array, readers: Readers): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, unknown[]>();
  while (reader.pos < reader.len) {
    takeField();
    const [field, wire] = reader.tag();
    const read = readers[field];
    const found = fields.get(field) ?? [];
    fields.set(field, found);
    if (read === undefined) reader.skip(wire, field);
    else found.push(read(reader, wire));
  }
  return fields;
}

const many = <T>(fields: Fields, field: number): readonly T[] => (fields.get(field) ?? []) as readonly T[];
const one = <T>(fields: Fields, field: number, absent: T): T => (fields.get(field)?.at(-1) ?? absent) as T;

const text = (reader: BinaryReader): string => reader.string();
const whole = (reader: BinaryReader): number => Number(reader.int64());

/** Repeated numbers come packed or one by one. */
function wholes(reader: BinaryReader, wire: WireType): readonly number[] {
  if (wire !== WireType.LengthDelimited) return [whole(reader)];
  const packed = new BinaryReader(reader.bytes());
  const numbers: number[] = [];
  while (packed.pos < packed.len) {
    takeField();
    numbers.push(whole(packed));
  }
  return numbers;
}

function node(bytes: Uint8Array): OnnxNode {
  const fields = readMessage(bytes, { 1: text, 2: text, 4: text, 5: (reader) => attribute(reader.bytes()), 7: text });
  return {
    inputs: many(fields, 1),
    outputs: many(fields, 2),
    op: one(fields, 4, ''),
    attributes: many(fields, 5),
    domain: one(fields, 7, ''),
  };
}

/** Beside its name, type, and documentation, a number has a float or an int. */
const NUMBER_FIELDS = [1, 2, 3, 13, 20];
/** Texts, and lists of numbers and texts. */
const PLAIN_FIELDS = [...NUMBER_FIELDS, 4, 7, 8, 9];

function attribute(bytes: Uint8Array): OnnxAttribute {
  const fields = readMessage(bytes, { 1: text, 3: whole });
  return {
    name: one(fields, 1, ''),
    int: one(fields, 3, 0),
    isNumber: [...fields.keys()].every((field) => NUMBER_FIELDS.includes(field)),
    isPlain: [...fields.keys()].every((field) => PLAIN_FIELDS.includes(field)),
  };
}

function opset(bytes: Uint8Array): OnnxGraph['opsets'][number] {
  const fields = readMessage(bytes, { 1: text, 2: whole });
  return { domain: one(fields, 1, ''), version: one(fields, 2, 0) };
}

function tensor(bytes: Uint8Array): OnnxTensor {
  const fields = readMessage(bytes, {
    1: wholes,
    2: whole,
    8: text,
    9: (reader) => reader.bytes(),
    13: (reader) => entry(reader.bytes()),
  });
  return {
    dims: many<readonly number[]>(fields, 1).flat(),
    type: one(fields, 2, 0),
    name: one(fields, 8, ''),
    data: one(fields, 9, new Uint8Array()),
    external: many(fields, 13),
    otherFields: [...fields.keys()].filter((field) => ![1, 2, 8, 9, 12, 13].includes(field)),
  };
}

function entry(bytes: Uint8Array): readonly [string, string] {
  const fields = readMessage(bytes, { 1: text, 2: text });
  return [one(fields, 1, ''), one(fields, 2, '')];
}

function value(bytes: Uint8Array): OnnxValue {
  const nested = (reader: BinaryReader): Uint8Array => reader.bytes();
  const none = new Uint8Array();
  const fields = readMessage(bytes, { 1: text, 2: nested });
  const type = readMessage(one(readMessage(one(fields, 2, none), { 1: nested }), 1, none), { 1: whole, 2: nested });
  const dims = many<Uint8Array>(readMessage(one(type, 2, none), { 1: nested }), 1).map((dim) => {
    const found = readMessage(dim, { 1: whole, 2: text });
    return found.has(1) ? one(found, 1, 0) : one(found, 2, '');
  });
  return { name: one(fields, 1, ''), type: one(type, 1, 0), dims };
}
