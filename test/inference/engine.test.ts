/**
 * The engine with a real device worker and real sessions, on a bundle of a few kilobytes (golden/make_tiny_bundle.py).
 */

import type { SampleRequest, SampleResult } from '../../src/inference/index.js';
import { InferenceError, openEngine } from '../../src/inference/index.js';
import { pixelsOf, psnr } from './images.js';
import { tinyModels, tinyRequest } from './tiny.js';
import { drawAll, drawOne, engine } from './tinyEngine.js';
import { generateAll } from './generateAll.js';
import { until } from '../support/until.js';

const [modelsDirectory, request] = [tinyModels, tinyRequest];

describe('a sample', () => {
  test('has the size of the bundle, and a mask of 0 and 255 that matches its area and boxes', async () => {
    const result = await drawOne();
    expect([result.width, result.height]).toEqual([32, 32]);
    const image = await pixelsOf(result.image);
    const mask = await pixelsOf(result.mask);
    expect(image).toMatchObject({ width: 32, height: 32, channels: 3 });
    expect(await pixelsOf(result.overlay)).toMatchObject({ width: 32, height: 32, channels: 3 });
    expect(mask).toMatchObject({ width: 32, height: 32, channels: 1 });
    expect(new Set(mask.data)).toEqual(new Set([0, 255]));
    expect(result.areaFraction).toBeCloseTo(mask.data.filter((value) => value === 255).length / 1024, 12);
    // The tiny model lights a disc of 2 by 2 latent pixels in the middle.
    expect(result.boundingBoxes).toEqual([{ x: 8, y: 8, width: 16, height: 16 }]);
  });

  test.each(['DDPM', 'DDIM', 'DPM_SOLVER_PP'] as const)(
    'is the same, byte for byte, when it is generated again (%s)',
    async (sampler) => {
      const [first, second] = [await drawOne({ sampler }), await drawOne({ sampler })];
      expect(second).toEqual(first);
    },
  );

  test.each(['DDPM', 'DPM_SOLVER_PP'] as const)(
    'does not depend on the other samples of the batch (%s)',
    async (sampler) => {
      const alone = await drawOne({ sampler });
      const company = await drawAll([
        { ...request, id: 'a', sampler, seed: 8, product: 'tile', defect: 'crack', steps: 5 },
        { ...request, id: 'one', sampler },
        { ...request, id: 'b', sampler: 'DDIM', seed: 9, guidance: 'PRODUCT_RELATIVE', steps: 11 },
        { ...request, id: 'c', sampler, defect: 'good' },
      ]);
      const together = company.get('one');
      expect(psnr((await pixelsOf(alone.image)).data, (await pixelsOf(together?.image)).data)).toBeGreaterThan(60);
      expect(together?.mask).toEqual(alone.mask);
    },
  );

  test('is the same in one batch with all samplers, steps, scales, and guidance types', async () => {
    const kinds: Partial<SampleRequest>[] = [
      { sampler: 'DDPM', steps: 30, seed: 1 },
      { sampler: 'DDIM', steps: 12, strength: 3, productScale: 0.5 },
      { steps: 20, guidance: 'PRODUCT_RELATIVE', product: 'tile' },
      { steps: 9, defect: 'crack', maskMode: 'AVERAGE_PIXELS' },
      { sampler: 'DDPM', steps: 15, twin: true, fairnessKey: 'another' },
      { steps: 25, strength: 0 },
    ];
    const requests = kinds.map((changes, i) => ({ ...request, ...changes, id: String(i) }));
    const sizes: number[] = [];
    const wide = await openEngine({ modelsDirectory, maximumRows: 24, onStep: ({ samples }) => sizes.push(samples) });
    const drawn = new Map<string, SampleResult>();
    await generateAll(wide, requests, { onSample: (result) => void drawn.set(result.id, result) });
    await wide.close();
    expect(Math.max(...sizes)).toBe(6);
    for (const each of requests) {
      const [alone, together] = [await drawOne(each), drawn.get(each.id)];
      expect(psnr((await pixelsOf(alone.image)).data, (await pixelsOf(together?.image)).data)).toBeGreaterThan(60);
      expect(together?.mask).toEqual(alone.mask);
      expect(together?.twin === null).toBe(each.twin !== true);
    }
  });

  test('is part of what its device did in the last minute', async () => {
    await drawOne({ steps: 999 });
    const load = await until(() => engine.devices()[0]?.load);
    expect(load).toBeLessThanOrEqual(1);
  });

  test('is the same when it is preempted by other samples', async () => {
    const alone = await drawOne({ steps: 999 });
    const told: string[] = [];
    const interruptions: Promise<unknown>[] = [];
    const changes = { defect: 'crack', sampler: 'DDIM', strength: 2, steps: 60, priority: 1 } as const;
    const results = await drawAll([{ ...request, steps: 999 }], {
      // Six rows hold two samples of three, so nothing is left for the first one.
      onProgress: (_, step) => {
        told.push(`one ${String(step)}`);
        if (interruptions.length > 0 || step === 999) return;
        const urgent = ['two', 'three'].map((id) => ({ ...request, ...changes, id }));
        const drawn = generateAll(engine, urgent, { onSample: ({ id }) => told.push(id) });
        interruptions.push(drawn);
      },
    });
    await Promise.all(interruptions);
    expect(told.indexOf('two')).toBeGreaterThan(-1);
    expect(told.indexOf('two')).toBeLessThan(told.indexOf('one 999'));
    const interrupted = results.get('one');
    expect(psnr((await pixelsOf(alone.image)).data, (await pixelsOf(interrupted?.image)).data)).toBeGreaterThan(60);
    expect(interrupted?.mask).toEqual(alone.mask);
  });

  test.each([
    ['seed', { seed: 8 }],
    ['defect', { defect: 'crack' }],
    ['product', { product: 'tile' }],
    ['strength', { strength: 2 }],
    ['product scale', { productScale: 2 }],
    ['steps', { steps: 9 }],
    ['sampler', { sampler: 'DDIM' }],
    ['guidance', { guidance: 'PRODUCT_RELATIVE' }],
  ] as const)('changes with the %s', async (_, changes) => {
    expect((await drawOne(changes)).image).not.toEqual((await drawOne()).image);
  });

  test.each([
    ['at strength 0', { strength: 0 }],
    ['in the normal state', { defect: 'good' }],
    ['at strength 0, relative to the product', { strength: 0, guidance: 'PRODUCT_RELATIVE' }],
  ] as const)('%s has an empty mask', async (_, changes) => {
    const result = await drawOne(changes);
    expect(result).toMatchObject({ areaFraction: 0, boundingBoxes: [] });
    expect(new Set((await pixelsOf(result.mask)).data)).toEqual(new Set([0]));
    expect((await pixelsOf(result.overlay)).data).toEqual((await pixelsOf(result.image)).data);
  });

  test('at strength 0 equals the one in the normal state', async () => {
    expect((await drawOne({ strength: 0 })).image).toEqual((await drawOne({ defect: 'good' })).image);
  });

  test('has a mask in both mask modes', async () => {
    const pixels = await drawOne({ maskMode: 'AVERAGE_PIXELS', steps: 50 });
    expect(pixels.areaFraction).toBeGreaterThan(0);
    expect(pixels.boundingBoxes).toEqual((await drawOne({ steps: 50 })).boundingBoxes);
  });
});

describe('generate', () => {
  test('reports the start once and the progress up to the last step', async () => {
    const told: string[] = [];
    await drawAll([{ ...request, steps: 400 }], {
      onStarted: (id) => told.push(`${id} started`),
      onProgress: (id, step, steps) => told.push(`${id} ${String(step)}/${String(steps)}`),
    });
    expect(told[0]).toBe('one started');
    expect(told.filter((line) => line.endsWith('started'))).toHaveLength(1);
    expect(told.at(-1)).toBe('one 400/400');
    expect(told.length).toBeLessThan(200);
  });

  test('delivers the first samples before the last ones start', async () => {
    const told: string[] = [];
    const results = Array.from({ length: 6 }, (_, i) => ({ ...request, id: String(i), seed: i, steps: 100 }));
    await generateAll(engine, results, {
      onStarted: (id) => told.push(`started ${id}`),
      onSample: ({ id }) => told.push(`sample ${id}`),
    });
    // Six rows at most, three per onSample: two are drawn at a time, while the two before are encoded.
    expect(told.indexOf('sample 0')).toBeLessThan(told.indexOf('started 4'));
    expect(told.filter((line) => line.startsWith('sample'))).toHaveLength(6);
  });

  test('of no samples resolves at once', async () => {
    await expect(drawAll([])).resolves.toEqual(new Map());
  });

  test.each([
    [{ bundle: 'other@1.0.0' }, 'bundle "other@1.0.0" is not loaded; there is tiny@1.0.0'],
    [
      { product: 'carpet' },
      'cannot draw "scratch" on "carpet"; it knows the products metal nut, tile and the defects good, scratch, crack',
    ],
    [{ defect: 'hole' }, 'cannot draw "hole"'],
    [{ seed: -1 }, 'seed must be a whole number from 0 to 2147483647, got -1'],
    [{ steps: 0 }, 'steps must be a whole number from 1 to 999, got 0'],
    [{ steps: 1000 }, 'steps must be a whole number from 1 to 999, got 1000'],
    [{ steps: 1001, sampler: 'DDPM' as const }, 'steps must be a whole number from 2 to 1000, got 1001'],
    [{ strength: NaN }, 'strength must be a finite number, got NaN'],
    [{ sampler: 'FOO' as 'DDIM' }, 'sampler must be one of DPM_SOLVER_PP, DDIM, DDPM, TURBO, got "FOO"'],
    [{ guidance: 'FOO' as 'DOUBLE_FREE' }, 'guidance must be one of DOUBLE_FREE, PRODUCT_RELATIVE, got "FOO"'],
    [{ maskMode: 'FOO' as 'AVERAGE_PIXELS' }, 'maskMode must be one of AVERAGE_FEATURES, AVERAGE_PIXELS, got "FOO"'],
  ])('rejects %j with the reason', async (changes, message) => {
    await expect(drawOne(changes)).rejects.toThrow(message);
    await expect(drawOne(changes)).rejects.toBeInstanceOf(InferenceError);
  });

  test('rejects an ID that is in flight already', async () => {
    const first = drawOne({ steps: 200 });
    await expect(drawOne()).rejects.toThrow('sample id "one" is in flight already');
    await first;
    await expect(drawAll([request, request])).rejects.toThrow('sample id "one" is in flight already');
    await drawOne();
  });

  test('rejects with the error of a callback that throws', async () => {
    const draw = generateAll(engine, [request, { ...request, id: 'two' }], {
      onProgress: () => {
        throw new Error('the disk is full');
      },
    });
    await expect(draw).rejects.toThrow('a callback failed: the disk is full');
  });
});
