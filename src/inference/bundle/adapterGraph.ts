/**
 * Checks the graph of an adapter that somebody uploaded, before onnxruntime opens it in a process that draws for everybody. Such a graph is a
 * small network; what else ONNX can express is refused: loops, functions, other files, and tensors of any size. The sizes of all tensors
 * and the multiplications are counted, because a few nodes of small tensors can fill the memory or compute for minutes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BundleError } from '../errors.js';
import type { Bundle } from './manifest.js';
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './onnxFile.js';
import { ONNX_TYPES, readOnnx } from './onnxFile.js';

/** What `defectdiffu-train export` writes. */
const OPERATORS = ['Add', 'Cast', 'Concat', 'Cos', 'Gemm', 'Mul', 'Sigmoid', 'Sin', 'Unsqueeze'];
const MAX_NODES = 48;
const BYTES: Readonly<Record<number, number>> = {
  [ONNX_TYPES.float32]: 4,
  [ONNX_TYPES.int64]: 8,
  [ONNX_TYPES.float16]: 2,
};
const PARTS = ['background', 'defect', 'fusion'] as const;
/** The numbers of conditions for which the sizes are computed: what does not depend on it shows with one, a square of it with many. */
const FEW = 1;
const MANY = 1024;

type Shape = readonly number[];

/**
 * @param file what messages call the graph
 * @throws BundleError with the first problems
 */
export function checkAdapterGraph(file: string, bytes: Uint8Array, { phrases, base }: AdapterGraphContext): void {
  let graph: OnnxGraph;
  try {
    graph = readOnnx(bytes);
  } catch (error) {
    throw new BundleError(file, [`is not an ONNX file: ${(error as Error).message}`], { cause: error });
  }
  const problems = contentProblems(graph);
  if (problems.length === 0) problems.push(...shapeProblems(graph, phrases, sizesOf(base)));
  if (problems.length > 0) throw new BundleError(file, problems.slice(0, 10));
}

export interface AdapterGraphContext {
  /** The length of the embeddings of its phrases. */
  readonly phrases: number;
  readonly base: Bundle;
}

function contentProblems({ nodes, initializers, unusual }: OnnxGraph): string[] {
  const problems = unusual.map((what) => `has ${what}, which an adapter's graph has none of`);
  if (nodes.length > MAX_NODES)
    problems.push(`has ${String(nodes.length)} nodes; an adapter's graph has at most ${String(MAX_NODES)}`);
  for (const { op, domain, attributes } of nodes) {
    if (domain !== '' || !OPERATORS.includes(op))
      problems.push(`has the operator ${domain}${domain === '' ? '' : '.'}${op}; allowed are ${OPERATORS.join(', ')}`);
    const odd = attributes.find(({ isNumber }) => !isNumber);
    if (odd !== undefined) problems.push(`has the attribute ${odd.name} of ${op}, which is not a number`);
    const type = attributes.find(({ name }) => name === 'to')?.int;
    if (op === 'Cast' && !Object.values<number | undefined>(ONNX_TYPES).includes(type))
      problems.push(`has a node Cast to the type ${String(type)}; an adapter's graph has numbers of few types`);
  }
  return [...problems, ...initializers.flatMap(tensorProblems)];
}

/** The weights lie in the file itself, and as many as their dimensions say. */
function tensorProblems({ name, type, dims, data, external, otherFields }: OnnxTensor): string[] {
  if (external.length > 0 || otherFields.length > 0)
    return [`has the tensor ${name}, whose values are not stored as raw data in this file`];
  const bytes = elements(dims) * (BYTES[type] ?? NaN);
  if (bytes === data.byteLength && dims.every((dim) => Number.isSafeInteger(dim) && dim > 0)) return [];
  return [
    `has the tensor ${name} [${dims.join(', ')}] of type ${String(type)} with ${String(data.byteLength)} bytes of data`,
  ];
}

function shapeProblems(graph: OnnxGraph, phrases: number, { text, widths }: BaseSizes): string[] {
  const { inputs, outputs, initializers } = graph;
  if (phrases !== text) return [`has phrases of ${String(phrases)} values; the base reads ${String(text)}`];
  const expectedInputs = `timestep int64 [P], text float32 [P, ${String(phrases)}]`;
  if (describe(inputs, initializers) !== expectedInputs)
    return [`has the inputs ${describe(inputs, initializers)}; this adapter needs ${expectedInputs}`];
  const names = PARTS.map((part) => `${part}_change`);
  if (outputs.map(({ name }) => name).join() !== names.join())
    return [
      `has the outputs ${outputs.map(({ name }) => name).join(', ')}; an adapter's graph has ${names.join(', ')}`,
    ];
  const stored = initializers.reduce((sum, { dims }) => sum + elements(dims), 0);
  const weights = Math.max(...initializers.map(({ dims }) => elements(dims)), 0);
  const widest = 2 * Math.max(...widths);
  try {
    const few = infer(graph, phrases, FEW, Math.max(weights, widest));
    // As exported, every weight is converted once and multiplied once for each condition.
    if (few.values > stored + MAX_NODES * widest || few.products > 2 * stored)
      return ['computes more for one condition than its weights need'];
    const many = infer(graph, phrases, MANY, MANY * widest);
    return names.flatMap((name, i) =>
      [few, many].flatMap(({ p, shapes }) => {
        const [expected, found] = [[p, widths[i] ?? 0], shapes.get(name) ?? []];
        if (found.join() === expected.join()) return [];
        return [`gives ${name} [${found.join(', ')}] for P = ${String(p)}; the base has [P, ${String(widths[i])}]`];
      }),
    );
  } catch (error) {
    return [(error as Error).message];
  }
}

interface Inferred {
  readonly p: number;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The elements of all computed tensors. */
  readonly values: number;
  /** The multiplications of all Gemm nodes. */
  readonly products: number;
}

/** The shape of every tensor for P conditions. @throws Error for a tensor with more elements, or for shapes that do not fit. */
function infer({ nodes, initializers }: OnnxGraph, phrases: number, p: number, most: number): Inferred {
  const shapes = new Map<string, Shape>(initializers.map(({ name, dims }) => [name, dims]));
  shapes.set('timestep', [p]).set('text', [p, phrases]);
  let [values, products] = [0, 0];
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => {
      const shape = shapes.get(name);
      if (shape === undefined) throw new Error(`reads "${name}" in a node ${node.op} before it is there`);
      return shape;
    });
    const shape = outputShape(node, inputs, axesOf(node, initializers));
    if (!(elements(shape) <= most))
      throw new Error(
        `computes a tensor [${shape.join(', ')}] in a node ${node.op} for ${String(p)} conditions; at most ${String(most)} elements are allowed`,
      );
    if (node.outputs.length !== 1) throw new Error(`has a node ${node.op} with ${String(node.outputs.length)} outputs`);
    shapes.set(node.outputs[0] ?? '', shape);
    values += elements(shape);
    if (node.op === 'Gemm') products += (elements(inputs[0] ?? []) / (shape[0] ?? 1)) * elements(shape);
  }
  return { p, shapes, values, products };
}

/** Where an Unsqueeze puts new dimensions. @throws Error if that is computed: the sizes would not be known. */
function axesOf({ op, inputs }: OnnxNode, initializers: readonly OnnxTensor[]): readonly number[] {
  if (op !== 'Unsqueeze') return [];
  const axes = initializers.find(({ name, type }) => name === inputs[1] && type === ONNX_TYPES.int64);
  if (axes === undefined) throw new Error('has a node Unsqueeze whose axes are not stored in the file');
  const view = new DataView(axes.data.buffer, axes.data.byteOffset, axes.data.byteLength);
  return Array.from({ length: axes.data.byteLength / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

function outputShape({ op, attributes }: OnnxNode, inputs: readonly Shape[], axes: readonly number[]): Shape {
  const [a = [], b = []] = inputs;
  const int = (name: string): number => attributes.find((one) => one.name === name)?.int ?? 0;
  switch (op) {
    case 'Add':
    case 'Mul':
      return broadcast(a, b);
    case 'Concat': {
      const axis = int('axis') < 0 ? a.length + int('axis') : int('axis');
      if (inputs.some((shape) => shape.length !== a.length || shape.some((dim, i) => i !== axis && dim !== a[i])))
        throw new Error(
          `joins tensors of ${inputs.map((shape) => `[${shape.join(', ')}]`).join(' and ')} in a node Concat`,
        );
      const sum = inputs.reduce((total, shape) => total + (shape[axis] ?? 0), 0);
      return a.map((dim, i) => (i === axis ? sum : dim));
    }
    case 'Gemm': {
      const [m, k] = int('transA') === 1 ? a.toReversed() : a;
      const [l, n] = int('transB') === 1 ? b.toReversed() : b;
      if (a.length !== 2 || b.length !== 2 || k !== l)
        throw new Error(`multiplies [${a.join(', ')}] with [${b.join(', ')}] in a node Gemm`);
      return [m ?? 0, n ?? 0];
    }
    case 'Unsqueeze': {
      const rank = a.length + axes.length;
      const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
      const rest = [...a];
      return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1)));
    }
    default:
      return a;
  }
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, i: number): number => shape[i - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [at(a, i), at(b, i)];
    if (x !== y && x !== 1 && y !== 1) throw new Error(`combines [${a.join(', ')}] with [${b.join(', ')}]`);
    return Math.max(x, y);
  });
}

const elements = (shape: Shape): number => shape.reduce((product, dim) => product * dim, 1);

/** Initializers can be listed as inputs too, which makes them defaults that nobody overrides. */
function describe(values: readonly OnnxValue[], initializers: readonly OnnxTensor[]): string {
  const types = new Map<number, string>(Object.entries(ONNX_TYPES).map(([name, type]) => [type, name]));
  return values
    .filter(({ name }) => !initializers.some((tensor) => tensor.name === name))
    .map(({ name, type, dims }) => {
      const [first, ...rest] = dims;
      const batch = typeof first === 'string' ? 'P' : String(first);
      return `${name} ${types.get(type) ?? String(type)} [${[batch, ...rest].join(', ')}]`;
    })
    .join(', ');
}

/** What an adapter must fit: the length of the embeddings that the base reads, and the widths of its modulations in the order of the parts. */
interface BaseSizes {
  readonly text: number;
  readonly widths: readonly number[];
}

const knownSizes = new WeakMap<Bundle, BaseSizes>();

/** @throws BundleError if its graph does not say them. */
function sizesOf(base: Bundle): BaseSizes {
  const known = knownSizes.get(base);
  if (known !== undefined) return known;
  const { modulation } = base.manifest.components;
  const variant = modulation?.variants.find(({ precision }) => precision === 'fp32');
  if (variant === undefined)
    throw new BundleError(base.id, ['has no fp32 graph of modulations, so it can have no adapter']);
  const file = join(base.directory, variant.file);
  const { inputs, outputs } = readOnnx(readFileSync(file));
  const text = inputs.find(({ name }) => name === 'text')?.dims.at(-1);
  const widths = PARTS.map((part) => outputs.find(({ name }) => name === `${part}_modulation`)?.dims.at(-1));
  if (typeof text !== 'number' || !widths.every((width) => typeof width === 'number'))
    throw new BundleError(file, ['does not say how wide its texts and modulations are']);
  const sizes = { text, widths };
  knownSizes.set(base, sizes);
  return sizes;
}
