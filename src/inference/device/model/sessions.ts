/**
 * Opening the graphs of a bundle on a device. There is no silent fall-back in the runtime: a provider that is not there
 * fails to open, and what has opened is what is live.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';

import type { ComponentContract } from '../../bundle/contracts.js';
import { componentContracts, tensorShapes } from '../../bundle/contracts.js';
import type { Bundle, Component, ComponentName, Manifest, Precision, Variant } from '../../bundle/manifest.js';
import { BundleError, InferenceError } from '../../errors.js';
import type { BucketPolicy } from './shapeBuckets.js';

export type Provider = 'cpu' | 'cuda' | 'webgpu';

/**
 * The arithmetic that a provider is quickest in, the best first: measured in docs/engine.md. On CUDA float16 has steps that are hardly shorter than
 * those of float32 (whose products are TF32), and needs six times as long to prepare for a size.
 */
const PRECISION_PREFERENCE: Readonly<Record<Provider, readonly Precision[]>> = {
  cpu: ['int8', 'fp32', 'fp16'],
  cuda: ['fp32', 'fp16', 'int8'],
  webgpu: ['fp32', 'fp16', 'int8'],
};

/** An arithmetic that nobody asked for must give the pictures (in dB) and the masks (IoU) of fp32 in the samples that were measured. */
const FIDELITY_BOUNDS = { psnr: 40, iou: 0.98 };

/** How sessions are opened on a device. */
export interface ExecutionOptions {
  readonly provider: Provider;
  readonly session: InferenceSession.SessionOptions;
  /** `null`: a graph may be given any number of samples and rows. */
  readonly buckets: BucketPolicy | null;
  /** What was asked for; null: the quickest that draws the same pictures. */
  readonly precision: Precision | null;
}

/**
 * On CUDA a change of sizes takes as long as some 4000 rows in float32, and 30 000 in float16 (NVIDIA H100, the default bundle); between them, what
 * did best in bench/simulation.ts. WebGPU takes its time for sizes that are new.
 */
const BUCKET_POLICIES = { cpu: null, cuda: { patience: 8192 }, webgpu: { patience: 0 } } as const;

/** Errors alone: onnxruntime warns of every graph that its shape arithmetic is left to the CPU, which is as it should be. */
const ERRORS_ONLY = { logSeverityLevel: 3 } as const;

/**
 * @param device `cpu`, `cuda:N` or `webgpu`. @throws InferenceError for any other word.
 * @param precision to be opened where a component has it.
 */
export function executionOptions(device: string, precision: Precision | null): ExecutionOptions {
  return { ...providerOptions(device), precision };
}

function providerOptions(device: string): Omit<ExecutionOptions, 'precision'> {
  if (device === 'cpu') {
    return {
      provider: 'cpu',
      buckets: BUCKET_POLICIES.cpu,
      session: {
        executionProviders: ['cpu'],
        // One thread per core. Threads that spin while they wait make a machine that does anything else slower than one thread does.
        intraOpNumThreads: availableParallelism(),
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      },
    };
  }
  if (device === 'webgpu')
    return {
      provider: 'webgpu',
      buckets: BUCKET_POLICIES.webgpu,
      session: { executionProviders: ['webgpu'], ...ERRORS_ONLY },
    };
  const cuda = /^cuda:(\d+)$/.exec(device);
  if (cuda === null)
    throw new InferenceError(`unknown device "${device}"; it must be cpu, cuda:N (cuda:0 is the first GPU) or webgpu`);
  return {
    provider: 'cuda',
    buckets: BUCKET_POLICIES.cuda,
    session: { executionProviders: [{ name: 'cuda', deviceId: Number(cuda[1]) }], ...ERRORS_ONLY },
  };
}

/**
 * A bundle is run in one arithmetic, that of its denoiser, whose measured cost is that of all components together: what was
 * asked for, where there is such a graph; else the quickest that is faithful; else, where none is, the quickest.
 */
export function precisionOf(
  { components }: Pick<Manifest, 'components'>,
  { provider, precision }: Pick<ExecutionOptions, 'provider' | 'precision'>,
): Precision {
  const rank = (variant: Variant): number => PRECISION_PREFERENCE[provider].indexOf(variant.precision);
  const quickestFirst = [...components.denoiser.variants].sort((a, b) => rank(a) - rank(b));
  const chosen =
    quickestFirst.find((variant) => variant.precision === precision) ??
    quickestFirst.find(isFaithful) ??
    quickestFirst[0];
  return chosen?.precision ?? 'fp32';
}

function isFaithful({ precision, quality }: Variant): boolean {
  if (precision === 'fp32') return true;
  return (quality?.psnr?.least ?? 0) >= FIDELITY_BOUNDS.psnr && (quality?.maskIou?.mean ?? 0) >= FIDELITY_BOUNDS.iou;
}

/** A component that was not exported in that arithmetic is run in fp32, or as it is. */
export function chooseVariant({ variants }: Component, precision: Precision): Variant {
  const of = (wanted: Precision): Variant | undefined => variants.find((variant) => variant.precision === wanted);
  const chosen = of(precision) ?? of('fp32') ?? variants[0];
  if (chosen === undefined) throw new InferenceError('the manifest names a component without a variant');
  return chosen;
}

/**
 * One component's session.
 * @throws BundleError when the graph is not one, or has not the inputs and outputs that the manifest says.
 * @throws InferenceError when the provider cannot be had on this machine.
 */
export async function openSession(
  bundle: Bundle,
  name: ComponentName,
  device: ExecutionOptions,
): Promise<InferenceSession> {
  const component = bundle.manifest.components[name];
  if (component === undefined) throw new BundleError(bundle.directory, [`has no component ${name}`]);
  const { provider, session: options } = device;
  const file = join(bundle.directory, chooseVariant(component, precisionOf(bundle.manifest, device)).file);
  const session = await ort.InferenceSession.create(file, options).catch((error: unknown) => {
    const message = (error as Error).message;
    if (/backend not found|OrtSessionOptionsAppendExecutionProvider|adapter/i.test(message)) {
      throw new InferenceError(`${provider} cannot be used on this machine: ${message}`, { cause: error });
    }
    throw new BundleError(file, [`is not a graph that onnxruntime can open: ${message}`], { cause: error });
  });
  const contract = componentContracts(bundle.manifest)[name];
  const problems = [...graphProblems(session, name, component, contract), ...shapeProblems(session, bundle.manifest)];
  if (problems.length > 0) throw new BundleError(file, problems);
  return session;
}

/** onnxruntime ignores an input that the graph does not have, so a wrong name would go unnoticed: compare before the first run. */
function graphProblems(
  session: InferenceSession,
  name: ComponentName,
  component: Component,
  contract: ComponentContract,
): string[] {
  return (['inputs', 'outputs'] as const).flatMap((side) => {
    const metadata = side === 'inputs' ? session.inputMetadata : session.outputMetadata;
    const types = new Map(metadata.map((value) => [value.name, value.isTensor ? value.type : 'not a tensor']));
    const has = [...types.keys()].join(', ');
    const absent = component[side]
      .filter((tensor) => !types.has(tensor))
      .map(
        (tensor) =>
          `the graph has no ${side.slice(0, -1)} "${tensor}", which the manifest names at /components/${name}/${side}; it has ${has}`,
      );
    const unlisted =
      side === 'inputs'
        ? [...types.keys()]
            .filter((tensor) => !component.inputs.includes(tensor))
            .map(
              (tensor) =>
                `the graph needs an input "${tensor}" that the manifest does not name at /components/${name}/inputs`,
            )
        : [];
    const mistyped = Object.entries(contract[side])
      .filter(([tensor, type]) => types.has(tensor) && types.get(tensor) !== type)
      .map(
        ([tensor, type]) => `"${tensor}" is ${String(types.get(tensor))} in the graph; the engine works with ${type}`,
      );
    return [...absent, ...unlisted, ...mistyped];
  });
}

/** Where the graph fixes a size, it must be the manifest's: else the first picture would be the first to fail. */
function shapeProblems(session: InferenceSession, manifest: Manifest): string[] {
  const shapes = tensorShapes(manifest);
  return [...session.inputMetadata, ...session.outputMetadata].flatMap((value) => {
    const expected = shapes[value.name];
    if (expected === undefined || !value.isTensor) return [];
    const [, ...found] = value.shape;
    const fits =
      found.length === expected.length && found.every((size, i) => typeof size !== 'number' || size === expected[i]);
    if (fits) return [];
    return [
      `"${value.name}" is [batch, ${found.join(', ')}] in the graph; the manifest says [batch, ${expected.join(', ')}]`,
    ];
  });
}
