/** How samples share the evaluations of the denoiser: with a model that records its inputs. */
import { createBatcher } from '../../src/inference/device/batch/batcher.js';
import type { Evaluation } from '../../src/inference/device/model/evaluation.js';
import type { Model } from '../../src/inference/device/model/model.js';
import type { Manifest, SampleRequest } from '../../src/inference/index.js';
import type { WorkerMessage } from '../../src/inference/deviceProtocol.js';
import { until } from '../support/until.js';

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

interface Stage {
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
function stage(
  maximumRows: number,
  during: (count: number, evaluation: Evaluation) => void = () => undefined,
  decoding: (images: number) => void | Promise<void> = () => undefined,
): Stage {
  const [evaluations, decodings, told]: [Evaluation[], number[], WorkerMessage[]] = [[], [], []];
  let heard = (): void => undefined;
  const model: Model = {
    manifest,
    within: (count) => count,
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
    decode: async (latents) => {
      decodings.push(latents.length);
      await decoding(latents.length);
      return latents.map(() => new Float32Array(48));
    },
    encode: () => Promise.reject(new Error('no test of the batcher reads a photograph')),
    close: () => Promise.resolve(),
  };
  const models = new Map([
    ['fake@1.0.0', model],
    ['other@1.0.0', model],
  ]);
  const batcher = createBatcher({
    models,
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
    draw: (key, changes = {}) => batcher.add(key, { ...request, id: String(key), ...changes }),
    cancel: (keys) => batcher.cancel(keys),
    settled: (...keys) =>
      new Promise((resolve) => {
        heard = () => {
          if (keys.every(isSettled)) resolve();
        };
        heard();
      }),
  };
}

test('a sample of Eq. 4 has three rows on two background rows, each with its own prompts', async () => {
  const { evaluations, draw, settled } = stage(6);
  draw(1);
  await settled(1);
  const [first] = evaluations;
  expect(first).toMatchObject({ timesteps: [999], backgroundSample: [0, 0], rowBackground: [0, 1, 0] });
  expect(first?.background).toEqual(['industry', 'tile']);
  expect(first?.defect).toEqual(['good', 'good', 'scratch']);
  expect(first?.fusion).toEqual(['good industry', 'good tile', 'scratch industry']);
  expect(evaluations.map(({ timesteps }) => timesteps)).toEqual([[999], [666], [333], [0]]);
  // Mask features are work, and are asked for where they count: t < 100, of the row that carries the defect.
  expect(evaluations.map(({ maskRows }) => maskRows)).toEqual([[], [], [], [2]]);
});

test('samples with different plans follow one another in the batch', async () => {
  const { evaluations, draw, settled } = stage(6);
  draw(1);
  draw(2, { guidance: 'PRODUCT_RELATIVE' });
  await settled(1, 2);
  expect(evaluations[0]).toMatchObject({ backgroundSample: [0, 0, 1], rowBackground: [0, 1, 0, 2, 2] });
});

test('an evaluation never exceeds its row budget; waiting samples join in order', async () => {
  const { evaluations, told, draw, settled } = stage(6);
  [1, 2, 3, 4, 5].forEach((key) => draw(key));
  await settled(1, 2, 3, 4, 5);
  expect(Math.max(...evaluations.map(({ rowBackground }) => rowBackground.length))).toBe(6);
  expect(told.flatMap((message) => (message.kind === 'started' ? message.key : []))).toEqual([1, 2, 3, 4, 5]);
  expect(evaluations).toHaveLength(12);
});

test('a sample with more rows than the budget runs alone', async () => {
  const { evaluations, draw, settled } = stage(1);
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(evaluations.map(({ latents }) => latents.length)).toEqual(Array(8).fill(1));
});

test('a new request joins at the next step, at its own timestep', async () => {
  const { evaluations, draw, settled } = stage(6, (count) => {
    if (count === 2) draw(2, { steps: 3 });
  });
  draw(1);
  await settled(1);
  await settled(2);
  expect(evaluations.map(({ timesteps }) => timesteps)).toEqual([[999], [666], [333, 999], [0, 500], [0]]);
});

test('a cancellation takes effect before the next step, for running and for waiting samples', async () => {
  const { evaluations, told, draw, cancel, settled } = stage(6, (count) => {
    if (count === 2) cancel([1, 3]);
  });
  [1, 2, 3].forEach((key) => draw(key));
  await settled(1, 2, 3);
  expect(evaluations.map(({ latents }) => latents.length)).toEqual([2, 2, 1, 1]);
  expect(told.flatMap((message) => (message.kind === 'completed' ? message.key : []))).toEqual([2]);
});

test('fairness keys that use two bundles alternate', async () => {
  const { told, draw, settled } = stage(6);
  draw(1, { steps: 50, fairnessKey: 'a' });
  draw(2, { steps: 50, fairnessKey: 'b', bundle: 'other@1.0.0' });
  await settled(1, 2);
  const lastOf = (key: number): number =>
    told.findIndex((message) => message.kind === 'completed' && message.key === key);
  expect(told.slice(Math.min(lastOf(1), lastOf(2)) + 1, Math.max(lastOf(1), lastOf(2))).length).toBeLessThanOrEqual(1);
});

test('a sample whose noise is not a number fails alone', async () => {
  const { told, draw, settled } = stage(6, (count, { latents }) => {
    if (count === 2) latents[0]?.fill(NaN);
  });
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(told).toContainEqual({
    kind: 'failed',
    key: 1,
    message: 'the denoiser of fake@1.0.0 gave values that are not numbers at step 2',
  });
  expect(told.some((message) => message.kind === 'completed' && message.key === 2)).toBe(true);
});

test('a failed evaluation fails its samples, and waiting samples are generated', async () => {
  const { told, draw, settled } = stage(3, (count) => {
    if (count === 1) throw new Error('the device is gone');
  });
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(told).toContainEqual({ kind: 'failed', key: 1, message: 'the device is gone' });
  expect(told.some((message) => message.kind === 'completed' && message.key === 2)).toBe(true);
});

const delivered = (told: readonly WorkerMessage[]): number[] =>
  told.flatMap((message) => (message.kind === 'completed' ? message.key : []));

test('a sample of another fairness key or of a higher priority takes the next step; the preempted one continues where it was', async () => {
  const { evaluations, told, draw, settled } = stage(3, (count) => {
    if (count === 2) draw(2, { fairnessKey: 'b', steps: 2 });
    if (count === 6) draw(3, { priority: 1, steps: 3 });
  });
  draw(1, { fairnessKey: 'a', steps: 6 });
  await settled(1, 2, 3);
  const steps = evaluations.map(({ timesteps }) => timesteps[0]);
  expect(steps).toEqual([999, 799, 999, 599, 0, 400, 999, 500, 0, 200, 0]);
  expect(delivered(told).sort()).toEqual([1, 2, 3]);
});

test('samples that finish in the same step are decoded in one call', async () => {
  const { decodings, draw, settled } = stage(11);
  draw(1);
  draw(2, { twin: true });
  draw(3, { guidance: 'PRODUCT_RELATIVE' });
  await settled(1, 2, 3);
  // Image and mask of each, and a twin.
  expect(decodings).toEqual([7]);
});

test('for AVERAGE_PIXELS, the images of a mask are decoded a few at a time', async () => {
  const { decodings, draw, settled } = stage(3);
  draw(1, { maskMode: 'AVERAGE_PIXELS', steps: 400 });
  await settled(1);
  // t < 100 at 40 of the 400 steps; the image goes with the first.
  expect(decodings).toEqual([17, 16, 8]);
});

test('the other samples continue while a sample is decoded and encoded', async () => {
  const stepped = Promise.withResolvers<undefined>();
  const { evaluations, told, draw, settled } = stage(
    6,
    (count) => count === 12 && stepped.resolve(undefined),
    () => stepped.promise,
  );
  draw(1, { steps: 2 });
  draw(2, { steps: 15 });
  await settled(1, 2);
  expect(evaluations).toHaveLength(15);
  expect(delivered(told).sort()).toEqual([1, 2]);
});

test('the steps wait when too many samples are being finished', async () => {
  const released = Promise.withResolvers<undefined>();
  const { evaluations, told, draw, settled } = stage(3, undefined, () => released.promise);
  const keys = Array.from({ length: 30 }, (_, i) => i);
  for (const key of keys) draw(key, { steps: 2 });
  await until(() => evaluations.length >= 2 * 16);
  await new Promise((resolve) => setTimeout(resolve, 100)); // and no more than these
  expect(evaluations).toHaveLength(2 * 16);
  released.resolve(undefined);
  await settled(...keys);
  expect(delivered(told)).toHaveLength(30);
});

test('a sample that is canceled while it is decoded is not delivered, and the others are', async () => {
  const { told, draw, cancel, settled } = stage(6, undefined, () => cancel([1]));
  draw(1);
  draw(2);
  await settled(1, 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(delivered(told)).toEqual([2]);
  expect(told.filter(({ kind }) => kind === 'failed')).toEqual([]);
});

test('a sample that cannot be decoded fails alone', async () => {
  let calls = 0;
  const { told, draw, settled } = stage(3, undefined, () => {
    if (++calls === 1) throw new Error('the decoder is broken');
  });
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(told).toContainEqual({ kind: 'failed', key: 1, message: 'the decoder is broken' });
  expect(delivered(told)).toEqual([2]);
});

describe('when memory runs out', () => {
  /** As onnxruntime says it. */
  const outOfMemory = (): never => {
    throw new Error('BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1073741824');
  };

  test('the step is repeated in halves, nothing is lost, and the budget stays reduced', async () => {
    const { evaluations, told, draw, settled } = stage(24, (_, { latents }) => {
      if (latents.length > 2) outOfMemory();
    });
    const keys = Array.from({ length: 8 }, (_, i) => i);
    for (const key of keys) draw(key);
    await settled(...keys);
    expect(delivered(told)).toHaveLength(8);
    expect(told.filter(({ kind }) => kind === 'limitsReduced')).toEqual([
      { kind: 'limitsReduced', bundle: 'fake@1.0.0', rows: 12 },
      { kind: 'limitsReduced', bundle: 'fake@1.0.0', rows: 6 },
    ]);
    const sizes = evaluations.map(({ latents }) => latents.length);
    // Of the first step: 8, and in halves 4, 2, 2, and 4, 2, 2; then the rest.
    expect(sizes).toEqual([8, 4, 2, 2, 4, 2, 2, ...Array(12).fill(2)]);
    const made = evaluations.filter(({ latents }) => latents.length <= 2).flatMap(({ timesteps }) => timesteps);
    expect([999, 666, 333, 0].map((t) => made.filter((each) => each === t).length)).toEqual([8, 8, 8, 8]);
  });

  test('for a single sample, that sample fails with the reason, and others are generated', async () => {
    const { told, draw, settled } = stage(6, (_, { rowBackground }) => {
      if (rowBackground.length > 2) outOfMemory();
    });
    draw(1);
    draw(2, { guidance: 'PRODUCT_RELATIVE' });
    await settled(1, 2);
    expect(told).toContainEqual({
      kind: 'failed',
      key: 1,
      message: expect.stringContaining(
        'not enough memory on this device for a single sample of fake@1.0.0 (3 rows)',
      ) as string,
    });
    expect(delivered(told)).toEqual([2]);
  });

  test('in the decoder, fewer images are decoded at a time', async () => {
    const { decodings, told, draw, settled } = stage(6, undefined, (pictures) => {
      if (pictures > 2) outOfMemory();
    });
    draw(1);
    draw(2);
    await settled(1, 2);
    draw(3, { twin: true });
    await settled(3);
    expect(delivered(told).sort()).toEqual([1, 2, 3]);
    expect(decodings).toEqual([4, 2, 2, 2, 1]);
    expect(told).toContainEqual({ kind: 'limitsReduced', bundle: 'fake@1.0.0', images: 2 });
  });
});

test('a request that cannot start fails alone', async () => {
  const { told, draw, settled } = stage(6);
  draw(1, { steps: 5000 });
  draw(2, { bundle: 'absent@1.0.0' });
  draw(3);
  await settled(1, 2, 3);
  expect(told).toContainEqual({
    kind: 'failed',
    key: 1,
    message: 'steps must be a whole number from 1 to 1000, got 5000',
  });
  expect(told).toContainEqual({
    kind: 'failed',
    key: 2,
    message: 'the bundle absent@1.0.0 is not open on this device',
  });
  expect(told.some((message) => message.kind === 'completed' && message.key === 3)).toBe(true);
});
