/** A denoising loop with a model that records its inputs, and whose evaluations and decodings a test can steer. */
import { createDenoisingLoop } from '../../src/inference/device/batch/denoisingLoop.js';
import type { Evaluation } from '../../src/inference/device/model/evaluation.js';
import type { Model } from '../../src/inference/device/model/model.js';
import type { Manifest, SampleRequest } from '../../src/inference/index.js';
import type { WorkerMessage } from '../../src/inference/deviceProtocol.js';

const manifest = {
  image: { width: 4, height: 4, channels: 3 },
  latent: { channels: 1, height: 2, width: 2 },
  schedule: {
    numTrainTimesteps: 1000,
    betaStart: 1e-4,
    betaEnd: 0.02,
    betaSchedule: 'linear',
    varianceType: 'fixed_small',
  },
  prompts: {
    background: '{product}',
    defect: '{defect}',
    fusion: '{defect} {product}',
    normal: 'good',
    nullProduct: 'industry',
  },
  mask: { lateTimestep: 100, minimumPeak: 40 },
} as unknown as Manifest;

const request: SampleRequest = {
  id: 'a',
  bundle: 'fake@1.0.0',
  product: 'tile',
  defect: 'scratch',
  seed: 1,
  strength: 2,
  productScale: 2,
  steps: 4,
  sampler: 'DDIM',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
};

export interface Stage {
  readonly evaluations: Evaluation[];
  /** How many pictures each call of the decoder was for. */
  readonly decodings: number[];
  readonly told: WorkerMessage[];
  readonly draw: (key: number, changes?: Partial<SampleRequest>) => void;
  readonly cancel: (keys: number[]) => void;
  /** Resolves when each of these is delivered, failed or canceled. */
  readonly settled: (...keys: number[]) => Promise<void>;
}

/**
 * @param during is called within each evaluation, with its number from 1.
 * @param decoding is awaited within each call of the decoder.
 */
export function stage(
  maximumRows: number,
  during: (count: number, evaluation: Evaluation) => void = () => undefined,
  decoding: (images: number) => void | Promise<void> = () => undefined,
): Stage {
  const [evaluations, decodings, told]: [Evaluation[], number[], WorkerMessage[]] = [[], [], []];
  let heard = (): void => undefined;
  const model: Model = {
    manifest,
    adapter: null,
    within: (count) => count,
    openAdapter: () => Promise.resolve(),
    closeAdapter: () => Promise.resolve(),
    denoise: async (evaluation) => {
      evaluations.push(evaluation);
      await Promise.resolve();
      during(evaluations.length, evaluation);
      return evaluation.rowBackground.map((background) => ({
        noise: Float32Array.from(evaluation.latents[evaluation.backgroundSample[background] ?? 0] ?? []),
        maskFeature: new Float32Array(4),
        variance: undefined,
      }));
    },
    decodeMasks: null,
    decode: async (latents) => {
      decodings.push(latents.length);
      await decoding(latents.length);
      return latents.map(() => new Float32Array(48));
    },
    encode: () => Promise.reject(new Error('no test of the denoising loop reads a photograph')),
    close: () => Promise.resolve(),
  };
  const models = new Map([
    ['fake@1.0.0', model],
    ['other@1.0.0', model],
  ]);
  const denoisingLoop = createDenoisingLoop({
    models,
    openBundle: () => Promise.reject(new Error('no test of the denoising loop opens a bundle')),
    budgets: new Map([...models.keys()].map((bundle) => [bundle, { rows: maximumRows, quickRows: maximumRows }])),
    send: (message) => {
      told.push(message);
      heard();
    },
  });
  const isSettled = (key: number): boolean =>
    told.some((m) =>
      m.kind === 'canceled' ? m.keys.includes(key) : (m.kind === 'completed' || m.kind === 'failed') && m.key === key,
    );
  return {
    evaluations,
    decodings,
    told,
    draw: (key, changes = {}) => denoisingLoop.add(key, { ...request, id: String(key), ...changes }),
    cancel: (keys) => denoisingLoop.cancel(keys),
    settled: (...keys) =>
      new Promise((resolve) => {
        heard = () => {
          if (keys.every(isSettled)) resolve();
        };
        heard();
      }),
  };
}

export const delivered = (told: readonly WorkerMessage[]): number[] =>
  told.flatMap((message) => (message.kind === 'completed' ? message.key : []));
