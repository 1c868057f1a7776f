/**
 * Opens the graphs of a bundle on a device. There is no silent fallback: a provider that is not available fails to open, and a provider
 * that has opened is the one that runs.
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
 * The precisions of each provider, fastest first, as measured in docs/engine.md. On CUDA, float16 steps are hardly shorter than float32
 * steps (whose products are TF32), and float16 takes six times as long to prepare for a size.
 */
const PRECISION_PREFERENCE: Readonly<Record<Provider, readonly Precision[]>> = {
  cpu: ['int8', 'fp32', 'fp16'],
  cuda: ['fp32', 'fp16', 'int8'],
  webgpu: ['fp32', 'fp16', 'int8'],
};

/** A precision is a default only if its images (PSNR in dB) and masks (IoU) agree with those of fp32 in the measured samples. */
const FIDELITY_BOUNDS = { psnr: 40, iou: 0.98 };

/** How the sessions of a device are opened and run. */
export interface ExecutionOptions {
  readonly provider: Provider;
  readonly session: InferenceSession.SessionOptions;
  /** `null`: any number of samples and rows is a size. */
  readonly buckets: BucketPolicy | null;
  /** The configured precision; null: the fastest one that draws the same images. */
  readonly precision: Precision | null;
}

/**
 * On CUDA, a change of the size takes as long as about 4000 rows in float32 and 30 000 rows in float16 (NVIDIA H100, the default bundle). The
 * patience between them is the best in bench/simulation.ts. WebGPU takes long for new sizes only.
 */
const BUCKET_POLICIES = { cpu: null, cuda: { patience: 8192 }, webgpu: { patience: 0 } } as const;

/** For every graph, onnxruntime warns that shape arithmetic runs on the CPU, which is intended. */
const ERRORS_ONLY = { logSeverityLevel: 3 } as const;

/**
 * @param device `cpu`, `cuda:N`, or `webgpu`
 * @param precision the precision to use where a component has it
 * @throws InferenceError for any other device.
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
        // One thread per core. Spinning threads slow a machine down that does anything else.
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
 * The precision of a bundle is that of its denoiser, because the measured quality is that of all components together. It is the configured
 * one if there is such a graph, else the fastest one that agrees with fp32, else the fastest.
 */
export function precisionOf(
  { components }: Pick<Manifest, 'components'>,
  { provider, precision }: Pick<ExecutionOptions, 'provider' | 'precision'>,
): Precision {
  const rank = (variant: Variant): number => PRECISION_PREFERENCE[provider].indexOf(variant.precision);
  const fastestFirst = [...components.denoiser.variants].sort((a, b) => rank(a) - rank(b));
  const chosen =
    fastestFirst.find((variant) => variant.precision === precision) ??
    fastestFirst.find(agreesWithFp32) ??
    fastestFirst[0];
  return chosen?.precision ?? 'fp32';
}

function agreesWithFp32({ precision, quality }: Variant): boolean {
  if (precision === 'fp32') return true;
  return (quality?.psnr?.least ?? 0) >= FIDELITY_BOUNDS.psnr && (quality?.maskIou?.mean ?? 0) >= FIDELITY_BOUNDS.iou;
}

/** A component that was not exported in the precision runs in fp32, or else in its first variant. */
export function chooseVariant({ variants }: Component, precision: Precision): Variant {
  const of = (wanted: Precision): Variant | undefined => variants.find((variant) => variant.precision === wanted);
  const chosen = of(precision) ?? of('fp32') ?? variants[0];
  if (chosen === undefined) throw new InferenceError('the manifest names a component without a variant');
  return chosen;
}

/** The variants that are opened, one of each component. */
export function openedVariants(manifest: Manifest, device: ExecutionOptions): ReadonlySet<Variant> {
  const precision = precisionOf(manifest, device);
  return new Set(Object.values(manifest.components).map((component: Component) => chooseVariant(component, precision)));
}

/**
 * Opens the session of one component.
 * @throws BundleError if the file is not a graph, or if the graph's inputs and outputs are not those of the manifest.
 * @throws InferenceError if the provider is not available on this machine.
 */
export async function openSession(
  bundle: Bundle,
  name: ComponentName,
  device: ExecutionOptions,
): Promise<InferenceSession> {
  const component = bundle.manifest.components[name];
  if (component === undefined) throw new BundleError(bundle.directory, [`has no component ${name}`]);
  const file = join(bundle.directory, chooseVariant(component, precisionOf(bundle.manifest, device)).file);
  const session = await createSession(file, device);
  const contract = componentContracts(bundle.manifest)[name];
  const problems = [...graphProblems(session, name, component, contract), ...shapeProblems(session, bundle.manifest)];
  if (problems.length > 0) throw new BundleError(file, problems);
  return session;
}

/** @throws BundleError if the file is not a graph. @throws InferenceError if the provider is not available on this machine. */
export async function createSession(file: string, { provider, session }: ExecutionOptions): Promise<InferenceSession> {
  return ort.InferenceSession.create(file, session).catch((error: unknown) => {
    const message = (error as Error).message;
    // WebGPU calls a graphics card an adapter, and so may an operator call a folder.
    const reason = message.replaceAll(file, '');
    if (/backend not found|OrtSessionOptionsAppendExecutionProvider|adapter/i.test(reason)) {
      throw new InferenceError(`${provider} cannot be used on this machine: ${message}`, { cause: error });
    }
    throw new BundleError(file, [`is not a graph that onnxruntime can open: ${message}`], { cause: error });
  });
}

/** Compares the names before the first run, because onnxruntime ignores inputs that the graph does not have. */
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

/** A size that the graph fixes must be the manifest's. Otherwise the first sample would fail. */
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
