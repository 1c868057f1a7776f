/**
 * Sizes that a device is given, padded to few: which they are, and that the pictures are those of no padding.
 * @jest-environment ./test/inference/runtimeEnvironment.mjs
 */
import { jest } from '@jest/globals';
import * as ort from 'onnxruntime-node';

import { loadBundle } from '../../src/inference/bundle/load.js';
import { createDenoisingLoop } from '../../src/inference/device/batch/denoisingLoop.js';
import { measureStepCurve } from '../../src/inference/device/batch/calibration.js';
import { openModel } from '../../src/inference/device/model/model.js';
import { executionOptions } from '../../src/inference/device/model/sessions.js';
import type { BucketPolicy } from '../../src/inference/device/model/shapeBuckets.js';
import {
  coarseBuckets,
  createBucketedDimension,
  createEvaluationBuckets,
  bucketFor,
  largestBucketWithin,
} from '../../src/inference/device/model/shapeBuckets.js';
import type { SampleRequest, SampleResult } from '../../src/inference/index.js';
import type { WorkerMessage } from '../../src/inference/deviceProtocol.js';
import { defaultManifest } from '../support/defaultBundle.js';
import { overlap, pixelsOf, psnr } from './images.js';

const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

test('sizes are few, and padding at most half as much again', () => {
  const counts = Array.from({ length: 1000 }, (_, i) => i + 1);
  for (const count of counts) {
    expect(bucketFor(count)).toBe(SIZES.find((size) => size >= count));
    expect(largestBucketWithin(count)).toBe(SIZES.findLast((size) => size <= count));
    expect(bucketFor(count)).toBeLessThanOrEqual(1.5 * count);
    // What does not fit the memory is tried in halves: those are smaller once they are padded.
    if (count > 1) expect(bucketFor(Math.ceil(count / 2))).toBeLessThan(bucketFor(count));
  }
});

describe('a dimension', () => {
  const given = (rule: BucketPolicy | null, counts: number[]): number[] => {
    const dimension = createBucketedDimension(rule);
    return counts.map((count) => dimension.bucketOf(count));
  };

  test('of a device that takes any size has that of its elements', () => {
    expect(given(null, [5, 7, 1, 100])).toEqual([5, 7, 1, 100]);
  });

  test('grows at once, and shrinks when enough was computed in vain', () => {
    expect(given({ patience: 0 }, [5, 20, 7, 8, 9])).toEqual([6, 24, 8, 8, 12]);
    // 16 in vain each time; in the end to the largest that was needed meanwhile.
    expect(given({ patience: 40 }, [20, 7, 5, 7, 5])).toEqual([24, 24, 24, 8, 8]);
    // Whoever needs the whole begins anew.
    expect(given({ patience: 40 }, [20, 7, 7, 20, 7, 7, 7])).toEqual([24, 24, 24, 24, 24, 24, 8]);
  });

  test('has no small sizes where small ones take as long', () => {
    const rule = { patience: 0, coarse: [16, 64] };
    expect(given(rule, [1, 16, 17, 64, 65, 200])).toEqual([16, 16, 64, 64, 96, 256]);
    const rows = createBucketedDimension(rule, 3);
    expect([3, 48, 49, 193].map((count) => rows.bucketOf(count))).toEqual([48, 48, 192, 256]);
    // Too large for the memory: from then on smaller ones are.
    rows.bucketOf(100);
    rows.forget();
    expect([30, 60].map((count) => rows.bucketOf(count))).toEqual([48, 64]);
    rows.bucketOf(48);
    rows.forget();
    expect(rows.bucketOf(24)).toBe(24);
  });

  test('that was too large is not kept', () => {
    const dimension = createBucketedDimension({ patience: 1000 });
    expect([dimension.bucketOf(20), dimension.bucketOf(10)]).toEqual([24, 24]);
    dimension.forget();
    expect(dimension.bucketOf(10)).toBe(12);
  });
});

describe('small sizes are left out', () => {
  const curveOf = (ms: number[]): { samples: number; seconds: number }[] =>
    ms.map((each, i) => ({ samples: 2 ** i, seconds: each / 1000 }));

  test('where four times as many samples take at most twice as long', () => {
    // An H100, on CUDA and on WebGPU.
    const cuda = curveOf([5.2, 4.8, 5.3, 6.3, 7.9, 10.7, 14.4, 29.2, 47.2]);
    expect(coarseBuckets(cuda, 256)).toEqual([16, 64]);
    expect(coarseBuckets(curveOf([14.3, 13.6, 13.5, 16.4, 18.1, 27.3, 36.4, 67.5, 131.6]), 128)).toEqual([32]);
    // With less memory.
    expect(coarseBuckets(cuda, 32)).toEqual([16]);
    expect(coarseBuckets(cuda, 2)).toEqual([]);
  });

  test('and nowhere else', () => {
    expect(coarseBuckets(curveOf([10, 20, 40, 80]), 8)).toEqual([]);
    expect(coarseBuckets(curveOf([10, 16, 25, 40]), 8)).toEqual([]);
    expect(coarseBuckets([], 256)).toEqual([]);
  });
});

test('what is padded belongs to the last sample and asks for nothing new', () => {
  const evaluation = {
    latents: [Float32Array.of(1), Float32Array.of(2)],
    timesteps: [900, 40],
    adapters: [null, 'ring@1.0.0'],
    turbo: [null, null],
    backgroundSample: [0, 0, 0, 1, 1],
    background: ['industry', 'tile', 'wood', 'industry', 'tile'],
    rowBackground: [0, 1, 2, 3, 4],
    defect: ['a', 'b', 'c', 'd', 'e'],
    fusion: ['f', 'g', 'h', 'i', 'j'],
    maskRows: [],
  };
  expect(createEvaluationBuckets({ patience: 0 }).pad(evaluation)).toEqual({
    latents: evaluation.latents,
    timesteps: [900, 40],
    adapters: [null, 'ring@1.0.0'],
    turbo: [null, null],
    backgroundSample: [0, 0, 0, 1, 1, 1],
    background: ['industry', 'tile', 'wood', 'industry', 'tile', 'tile'],
    rowBackground: [0, 1, 2, 3, 4, 4],
    defect: ['a', 'b', 'c', 'd', 'e', 'e'],
    fusion: ['f', 'g', 'h', 'i', 'j', 'j'],
    maskRows: [0, 0],
  });
  expect(createEvaluationBuckets(null).pad(evaluation)).toBe(evaluation);
});

describe('on a CPU that is told to take few', () => {
  afterEach(() => jest.restoreAllMocks());

  /** The first dimension of each input, of every run of a session. */
  function watched(
    refuse: (feeds: ort.InferenceSession.FeedsType) => void = () => undefined,
  ): Record<string, number>[] {
    const seen: Record<string, number>[] = [];
    const { prototype } = ort.InferenceSession as unknown as { prototype: Pick<ort.InferenceSession, 'run'> };
    const run = prototype.run as (feeds: ort.InferenceSession.FeedsType) => ReturnType<typeof prototype.run>;
    jest.spyOn(prototype, 'run').mockImplementation(async function (this: ort.InferenceSession, feeds) {
      seen.push(Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.dims[0] ?? 0])));
      refuse(feeds);
      return run.call(this, feeds);
    });
    return seen;
  }

  const ofDenoiser = (seen: readonly Record<string, number>[]): Record<string, number>[] =>
    seen.filter((sizes) => 'background_sample' in sizes);

  const modelWith = async (buckets: BucketPolicy | null): ReturnType<typeof openModel> =>
    openModel(await loadBundle(defaultManifest), { ...executionOptions('cpu', 'fp32'), buckets });

  /** Seven samples of other plans and lengths in evaluations of 11 rows. */
  async function drawnWith(sizes: BucketPolicy | null): Promise<{ results: SampleResult[]; told: WorkerMessage[] }> {
    const model = await modelWith(sizes);
    const { defaults, vocabulary } = model.manifest;
    const changes: Partial<SampleRequest>[] = [
      {},
      { steps: 4 },
      { guidance: 'PRODUCT_RELATIVE' },
      { twin: true },
      { maskMode: 'AVERAGE_PIXELS', steps: 2 },
      { strength: 0 },
      { sampler: 'DDIM' },
    ];
    const told: WorkerMessage[] = [];
    await new Promise<void>((resolve) => {
      const denoisingLoop = createDenoisingLoop({
        models: new Map([['one', model]]),
        openBundle: () => Promise.reject(new Error('no bundle is opened later')),
        budgets: new Map([['one', { rows: 11, quickRows: 11 }]]),
        send: (message) => {
          told.push(message);
          if (told.filter(({ kind }) => kind === 'completed' || kind === 'failed').length === changes.length) resolve();
        },
      });
      for (const [key, own] of changes.entries()) {
        const [product = '', defect = ''] = vocabulary.trainedPairs[key % vocabulary.trainedPairs.length] ?? [];
        const seed = 5 + key;
        const common = { id: String(key), bundle: 'one', product, defect, seed, maskMode: 'AVERAGE_FEATURES' } as const;
        denoisingLoop.add(key, { ...defaults, steps: 3, ...common, ...own });
      }
    });
    await model.close();
    const results = told.flatMap((message) => (message.kind === 'completed' ? [message.result] : []));
    return { results: results.sort((a, b) => Number(a.id) - Number(b.id)), told };
  }

  async function expectSame(ours: readonly SampleResult[], theirs: readonly SampleResult[]): Promise<void> {
    expect(ours.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
    for (const [i, own] of ours.entries()) {
      const image = psnr((await pixelsOf(own.image)).data, (await pixelsOf(theirs[i]?.image)).data);
      expect(image).toBeGreaterThanOrEqual(60);
      const mask = overlap((await pixelsOf(own.mask)).data, (await pixelsOf(theirs[i]?.mask)).data);
      expect(mask).toBeGreaterThanOrEqual(0.98);
    }
  }

  let plain: readonly SampleResult[] = [];
  beforeAll(async () => {
    plain = (await drawnWith(null)).results;
    expect(plain).toHaveLength(7);
  });

  test.each([{ patience: 0 }, { patience: 100 }, { patience: 100, coarse: [2] }])(
    'the pictures are the same, with %o',
    async (rule) => {
      expect(plain).toHaveLength(7);
      const seen = watched();
      const { results } = await drawnWith(rule);
      await expectSame(results, plain);
      for (const sizes of seen) for (const size of Object.values(sizes)) expect(SIZES).toContain(size);
      const rows = ofDenoiser(seen).map((sizes) => sizes['row_background'] ?? 0);
      expect(rows.length).toBeGreaterThan(3);
      // Of the 11 that are allowed.
      expect(Math.max(...rows)).toBe(8);
    },
    60_000,
  );

  test('where memory runs out, halves are padded to less, and the pictures are the same', async () => {
    const seen = watched((feeds) => {
      if ('background_sample' in feeds && (feeds['latent']?.dims[0] ?? 0) > 2) throw new Error('out of memory');
    });
    const { results, told } = await drawnWith({ patience: 1000 });
    await expectSame(results, plain);
    expect(told.some(({ kind }) => kind === 'limitsReduced')).toBe(true);
    const samples = ofDenoiser(seen).map((sizes) => sizes['latent'] ?? 0);
    // Never again once it is known.
    expect(samples.filter((size) => size > 2).length).toBeLessThanOrEqual(2);
  });

  test('calibration tries sizes that drawing uses, of every dimension', async () => {
    const model = await modelWith({ patience: 0 });
    const seen = watched();
    await measureStepCurve(model, 10_000);
    await model.close();
    expect(ofDenoiser(seen).length).toBeGreaterThan(3);
    for (const { latent = 0, background_sample, row_background, mask_rows } of ofDenoiser(seen))
      expect([background_sample, row_background, mask_rows]).toEqual([2 * latent, 3 * latent, latent]);
  });
});
