/**
 * Checks a graph of a bundle that somebody brought, before onnxruntime opens it. Such a graph is a network as `defectdiffu-train export`
 * writes it; what else ONNX can express is refused: loops, functions, operators of others, and other files. The sizes of its tensors may
 * depend on the sizes of its inputs, and not on their values: what it takes in the trial (trial.ts), it takes for every sample.
 */
import { BundleError } from '../errors.js';
import type { BundleFile } from './manifest.js';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnxFile.js';
import { readOnnx } from './onnxFile.js';

const PLAIN =
  `Abs Add ArgMax Cast Clip Concat Conv Cos DepthToSpace DequantizeLinear Div Equal Erf Expand Gather GatherND Gelu Gemm
  InstanceNormalization IsNaN LayerNormalization LpNormalization MatMul Mul Neg Pow QuantizeLinear Range ReduceL2 ReduceMax ReduceMean
  ReduceSum Reshape Resize Shape Sigmoid Sin Slice Softmax Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Where`.split(
    /\s+/,
  );
const OF_MICROSOFT = ['MatMulIntegerToFloat'];
/** The inputs of an operator that decide the size of its output. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  Expand: [1],
  Range: [0, 1, 2],
  ReduceL2: [1],
  ReduceMax: [1],
  ReduceMean: [1],
  ReduceSum: [1],
  Reshape: [1],
  Resize: [1, 2, 3],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Squeeze: [1],
  Unsqueeze: [1],
};
const MAX_NODES = 4096;
const OPSETS = { min: 13, max: 21 } as const;
/** Fields of TensorProto with numbers: float_data, int32_data, int64_data, double_data, uint64_data. */
const NUMBER_LISTS = [4, 5, 7, 10, 11];
/** Whether the values are in the file: a place elsewhere would be in another field. */
const DATA_LOCATION = 14;
/** Bytes of an element by the types of TensorProto that graphs have: float, uint8, int8, int32, int64, bool, float16, double. */
const BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8 };

/** Another graph of the component, whose weights this one may refer to. */
export type Donor = Pick<BundleFile, 'file' | 'bytes'>;

export interface GraphNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * @param file what messages call the graph
 * @param names as the manifest lists them
 * @param donor the only other file that may store weights of the graph
 * @throws BundleError with the first problems
 */
export function checkBundleGraph(file: string, bytes: Uint8Array, names: GraphNames, donor?: Donor): void {
  let graph: OnnxGraph;
  try {
    graph = readOnnx(bytes);
  } catch (error) {
    throw new BundleError(file, [`is not an ONNX file: ${(error as Error).message}`], { cause: error });
  }
  const problems = [
    ...graph.unusual.map((what) => `has ${what}, which a bundle's graph has none of`),
    ...versionProblems(graph),
    ...graph.nodes.flatMap(nodeProblems),
    ...graph.initializers.flatMap((tensor) => tensorProblems(tensor, bytes.byteLength, donor)),
    ...nameProblems(graph, names),
    ...sizeProblems(graph),
  ];
  if (problems.length > 0) throw new BundleError(file, problems.slice(0, 10));
}

function versionProblems({ nodes, opsets }: OnnxGraph): string[] {
  const problems = opsets
    .filter(({ domain, version }) => domain === '' && (version < OPSETS.min || version > OPSETS.max))
    .map(({ version }) => `has opset ${String(version)}; ${String(OPSETS.min)} to ${String(OPSETS.max)} are allowed`);
  if (nodes.length > MAX_NODES)
    problems.push(`has ${String(nodes.length)} nodes; at most ${String(MAX_NODES)} are allowed`);
  return problems;
}

function nodeProblems({ op, domain, attributes }: OnnxNode): string[] {
  const allowed = domain === '' ? PLAIN : domain === 'com.microsoft' ? OF_MICROSOFT : [];
  const name = domain === '' ? op : `${domain}.${op}`;
  const odd = attributes.filter(({ isPlain }) => !isPlain).map((attribute) => attribute.name);
  return [
    ...(allowed.includes(op) ? [] : [`has the operator ${name}, which no bundle of this service has`]),
    ...odd.map(
      (attribute) => `has the attribute ${attribute} of ${name}, which is no number, no text, and no list of them`,
    ),
  ];
}

/** The weights lie in the file itself, or in the donor, and are as many as their dimensions say. */
function tensorProblems(tensor: OnnxTensor, fileBytes: number, donor: Donor | undefined): string[] {
  const { name, type, dims, data, external, otherFields } = tensor;
  if (external.length > 0) return externalProblems(tensor, donor);
  const lists = otherFields.filter((field) => field !== DATA_LOCATION);
  if (lists.some((field) => !NUMBER_LISTS.includes(field)))
    return [`has the tensor ${name}, whose values are not stored in this file; export without --external-data`];
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const sound = dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  // Each element of a list takes a byte at least; onnxruntime counts them.
  const fits = lists.length > 0 ? elements <= fileBytes : elements * (BYTES[type] ?? NaN) === data.byteLength;
  if (sound && fits) return [];
  return [
    `has the tensor ${name} [${dims.join(', ')}] of type ${String(type)} with ${String(data.byteLength)} bytes of data`,
  ];
}

function externalProblems(
  { name, type, dims, data, external, otherFields }: OnnxTensor,
  donor: Donor | undefined,
): string[] {
  if (donor === undefined)
    return [`has the tensor ${name}, whose values are not stored in this file; export without --external-data`];
  const { location, offset, length } = Object.fromEntries(external) as Partial<Record<string, string>>;
  const [first, count] = [offset, length].map((text) => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : NaN));
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const sound =
    external.length === 3 &&
    location === donor.file &&
    data.byteLength === 0 &&
    otherFields.every((field) => field === DATA_LOCATION) &&
    dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
    elements * (BYTES[type] ?? NaN) === count &&
    (first ?? NaN) + count <= donor.bytes;
  if (sound) return [];
  return [`has the tensor ${name} [${dims.join(', ')}], whose values are not those of a place in ${donor.file}`];
}

function nameProblems({ inputs, outputs, initializers }: OnnxGraph, expected: GraphNames): string[] {
  const weights = new Set(initializers.map(({ name }) => name));
  const sides = { inputs: inputs.filter(({ name }) => !weights.has(name)), outputs };
  return (['inputs', 'outputs'] as const).flatMap((side) => {
    const [found, listed] = [sides[side].map(({ name }) => name).sort(), [...expected[side]].sort()];
    return found.join() === listed.join()
      ? []
      : [`has the ${side} ${found.join(', ')}; bundle.json lists ${listed.join(', ')}`];
  });
}

/** Follows the values of the inputs through the graph: where one would decide a size, it is named. */
function sizeProblems({ nodes, inputs, initializers }: OnnxGraph): string[] {
  const weights = new Set(initializers.map(({ name }) => name));
  const values = new Set(inputs.map(({ name }) => name).filter((name) => !weights.has(name)));
  const problems: string[] = [];
  for (const { op, inputs: read, outputs } of nodes) {
    const deciding = (SIZES[op] ?? []).map((i) => read[i] ?? '').find((name) => values.has(name));
    if (deciding !== undefined)
      problems.push(
        `computes the size of a tensor from the values of its inputs, in a node ${op} that reads "${deciding}"`,
      );
    if (op !== 'Shape' && read.some((name) => values.has(name))) for (const name of outputs) values.add(name);
  }
  return problems;
}
