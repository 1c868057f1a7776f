/**
 * Drawing on photographs, with the default bundle: what Python draws (golden/make_photograph_samples.py), and what no
 * sample may do whatever it draws: change a pixel outside its region, or depend on the samples beside it.
 */
import sharp from 'sharp';
import type { SampleRequest } from '../../src/inference/index.js';
import { loadBundles } from '../../src/inference/index.js';
import { maskBytes, overlap, pixelsOf, psnr } from './images.js';
import { generateAll } from './generateAll.js';
import {
  CHOSEN,
  SHAPE,
  bundle,
  changedPixels,
  draw,
  drawOne,
  engine,
  fabric,
  goldenBundles,
  goldenCases,
  readGolden,
  maskOf,
  models,
  on,
  openDefaultEngine,
  outside,
  rgb,
  within,
} from './inpaintingEngine.js';

beforeAll(openDefaultEngine);
afterAll(() => engine.close());

describe('the engine draws what Python draws', () => {
  test('for the default bundle', () => {
    expect([goldenBundles, goldenCases.length > 2]).toEqual([[bundle], true]);
  });

  test.each(goldenCases)('$id, sample $n', async (golden) => {
    const { request, region, scores, file } = readGolden(golden);
    const result = await drawOne(request);
    if (region === 'TWIN')
      expect(psnr(await rgb(result.twin ?? new Uint8Array()), await rgb(file('twin.png')))).toBeGreaterThan(45);
    expect(psnr(await rgb(result.image), await rgb(file('image.png')))).toBeGreaterThanOrEqual(45);
    expect(overlap(await maskBytes(result.mask), await maskBytes(file('mask.png')))).toBeGreaterThanOrEqual(0.97);
    if (region === 'SHAPE 2')
      expect(overlap(await maskBytes(result.ignore), await maskBytes(file('ignore.png')))).toBeGreaterThanOrEqual(0.9);
    expect(result.scores?.visibility).toBeCloseTo(scores.visibility, 0);
    expect(result.scores?.agreement).toBeCloseTo(scores.agreement, 1);
    expect(result.scores?.seam).toBeCloseTo(scores.seam, 0);
    expect(result.confidence).toBeCloseTo(scores.confidence, 2);
  });
});

describe('outside the region', () => {
  test('no pixel changes, for any trained pair', async () => {
    const mask = await maskOf(256, 256, (x, y) => (x - 100) ** 2 + (y - 130) ** 2 < 45 ** 2);
    const loaded = (await loadBundles(models)).find(({ id }) => id === bundle);
    const pairs = loaded?.manifest.vocabulary.trainedPairs ?? [];
    expect(pairs.length).toBeGreaterThan(10);
    const asked = pairs.map(([product, defect], i) => ({
      product,
      defect,
      seed: i,
      steps: 2,
      ...on(fabric, { kind: 'MASK', mask }),
    }));
    const inside = (await pixelsOf(mask)).data;
    let changed = 0;
    for (const result of await draw(...asked)) {
      const change = await changedPixels(fabric, result.image);
      expect(outside(change, inside)).toBe(0);
      expect(outside((await pixelsOf(result.mask)).data, inside)).toBe(0);
      changed += change.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0);
    }
    expect(changed).toBeGreaterThan(1000);
  });

  test('no pixel changes where a large photograph is drawn in at another scale', async () => {
    const large = await sharp(fabric).resize(900, 700).png().toBuffer();
    const mask = await maskOf(900, 700, (x, y) => Math.abs(x - 500) < 260 && Math.abs(y - 300) < 120);
    const result = await drawOne({ strength: 3, ...on(large, { kind: 'MASK', mask }) });
    expect([result.width, result.height]).toEqual([900, 700]);
    const change = await changedPixels(large, result.image);
    expect(outside(change, (await pixelsOf(mask)).data)).toBe(0);
    expect(change.some((value) => value !== 0)).toBe(true);
  });
});

test('a stain is found where it was asked for, and the mask is what changed', async () => {
  const mask = await maskOf(256, 256, (x, y) => (x - 150) ** 2 + (y - 90) ** 2 < 40 ** 2);
  const { scores, areaFraction } = await drawOne(on(fabric, { kind: 'MASK', mask }));
  expect(areaFraction).toBeGreaterThan(0.005);
  expect(scores?.visibility).toBeGreaterThan(8);
  expect(scores?.agreement).toBeGreaterThan(0.7);
  expect(scores?.seam).toBeLessThan((scores?.visibility ?? 0) / 2);
});

test('the direction towards the defect is told at strength 1 too, where the plan has no row without it', async () => {
  const mask = await maskOf(256, 256, (x, y) => (x - 150) ** 2 + (y - 90) ** 2 < 40 ** 2);
  const [one, three] = await draw(
    ...[1, 3].map((strength) => ({ strength, ...on(fabric, { kind: 'MASK' as const, mask }) })),
  );
  expect(one?.scores?.direction).toBeGreaterThan(0);
  expect(three?.scores?.direction).toBe(one?.scores?.direction);
});

test('the same request gives the same picture, alone or beside others', async () => {
  const [alone] = await draw({ seed: 11, ...on(fabric, SHAPE) });
  const [, beside] = await draw({ seed: 12, steps: 5 }, { seed: 11, ...on(fabric, SHAPE) }, { seed: 13, twin: true });
  expect(Buffer.from(beside?.image ?? [])).toEqual(Buffer.from(alone?.image ?? []));
});

test('another seed puts the defect elsewhere', async () => {
  const results = await draw(...[1, 2, 3, 4, 5, 6].map((seed) => ({ seed, steps: 2, ...on(fabric, SHAPE) })));
  const regions = results.map(({ region }) => Buffer.from(region ?? []).toString('base64'));
  expect(new Set(regions).size).toBe(6);
});

test('what the model chooses lies in the allowed area', async () => {
  const allowed = await maskOf(256, 256, (x) => x < 100);
  const results = await draw(
    ...[1, 2, 3].map((seed) => ({ seed, steps: 4, ...on(fabric, { kind: 'CHOSEN', allowed }) })),
    ...[4, 5].map((seed) => ({ seed, steps: 4, ...on(fabric, { kind: 'SHAPE', allowed }) })),
  );
  const inside = (await pixelsOf(allowed)).data;
  for (const { image, region } of results) {
    expect(outside((await pixelsOf(region ?? undefined)).data, inside)).toBe(0);
    expect(outside(await changedPixels(fabric, image), inside)).toBe(0);
  }
});

test('a photograph at strength 0 stays as it is', async () => {
  const result = await drawOne({ strength: 0, ...on(fabric, SHAPE) });
  expect(await rgb(result.image)).toEqual(await rgb(fabric));
  expect(result).toMatchObject({ areaFraction: 0, scores: { visibility: 0, agreement: 0, seam: 0 } });
});

test('a sample from noise comes with its normal twin and its scores when it is asked for', async () => {
  const asked = { product: 'pcb', defect: 'spurious copper', strength: 1.5 };
  const [plain, withTwin, normal] = await draw(asked, { ...asked, twin: true }, { ...asked, strength: 0 });
  expect(plain).toMatchObject({ twin: null, scores: null, region: null });
  expect(Buffer.from(withTwin?.image ?? [])).toEqual(Buffer.from(plain?.image ?? []));
  expect(await rgb(withTwin?.twin ?? new Uint8Array())).toEqual(await rgb(normal?.image ?? new Uint8Array()));
  expect(withTwin?.scores?.visibility).toBeGreaterThan(8);
  expect(withTwin?.scores?.direction).toBeNull();
});

describe('on its own normal twin', () => {
  const ON_TWIN = on(null, CHOSEN);
  const spur = { product: 'pcb', defect: 'spurious copper', guidance: 'DOUBLE_FREE' as const };
  const scratch = { product: 'steel strip', defect: 'scratch', strength: 2, guidance: 'DOUBLE_FREE' as const };

  test('little but the masked defect differs, and the twin is what the same seed gives at strength 0', async () => {
    const [result, normal] = await draw({ ...scratch, ...ON_TWIN }, { ...scratch, strength: 0 });
    const twin = result?.twin ?? new Uint8Array();
    expect(await rgb(twin)).toEqual(await rgb(normal?.image ?? new Uint8Array()));
    const change = await changedPixels(twin, result?.image ?? twin);
    const mask = (await pixelsOf(result?.mask)).data;
    const count = (some: Uint8Array): number => some.filter((value) => value !== 0).length;
    expect(count(mask)).toBeGreaterThan(50);
    expect(outside(change, within(8, mask))).toBe(0);
    expect(result?.scores?.visibility).toBeGreaterThan(20);
    expect(result?.scores?.agreement).toBeGreaterThan(0.5);
  });

  test('all of it may be drawn in, whatever the window of the product in photographs', async () => {
    const loaded = (await loadBundles(models)).find(({ id }) => id === bundle);
    expect(loaded?.manifest.placement?.windows['pcb']).toBeLessThan(100);
    const results = await draw(...[1, 2, 3, 4].map((seed) => ({ ...spur, ...ON_TWIN, seed, steps: 5 })));
    const widths = await Promise.all(
      results.map(async ({ region }) => {
        const columns = [...(await pixelsOf(region ?? undefined)).data].flatMap((value, i) =>
          value > 0 ? [i % 128] : [],
        );
        return Math.max(...columns) - Math.min(...columns) + 1;
      }),
    );
    expect(Math.max(...widths)).toBeGreaterThan(100);
  });

  test('its twin knows w_p, though the direction towards the defect does not', async () => {
    const asked = { ...spur, seed: 9, steps: 5, productScale: 2 };
    const [result, normal] = await draw(
      { ...asked, ...ON_TWIN, guidance: 'PRODUCT_RELATIVE' },
      { ...asked, strength: 0 },
    );
    expect(await rgb(result?.twin ?? new Uint8Array())).toEqual(await rgb(normal?.image ?? new Uint8Array()));
  });

  test('at strength 0 it is its twin', async () => {
    const result = await drawOne({ ...spur, ...ON_TWIN, strength: 0 });
    expect(Buffer.from(result.image)).toEqual(Buffer.from(result.twin ?? []));
    expect(result).toMatchObject({ areaFraction: 0, scores: { visibility: 0 } });
  });

  test('its progress counts the steps of the twin, of the probe pass, and of the defect', async () => {
    const heard: [number, number][] = [];
    const id = 'steps';
    const request = { id, bundle, seed: 3, strength: 2, productScale: 1, sampler: 'DPM_SOLVER_PP' as const, steps: 5 };
    await generateAll(engine, [{ ...request, maskMode: 'AVERAGE_FEATURES', ...spur, ...on(null, CHOSEN, 1) }], {
      onProgress: (_, step, steps) => void heard.push([step, steps]),
      onSample: () => undefined,
    });
    expect(heard.map(([step]) => step)).toEqual([...new Set(heard.map(([step]) => step))].sort((a, b) => a - b));
    expect(heard.at(-1)).toEqual([12, 12]);
  });

  test('it depends neither on what is drawn beside it nor on where it is drawn', async () => {
    const [alone] = await draw({ ...spur, seed: 21, ...ON_TWIN });
    const [, beside] = await draw(
      { seed: 4, steps: 5 },
      { ...spur, seed: 21, ...ON_TWIN },
      { seed: 5, ...on(fabric, SHAPE) },
    );
    expect(Buffer.from(beside?.image ?? [])).toEqual(Buffer.from(alone?.image ?? []));
  });
});

describe('refused, with the reason', () => {
  const refusal = (request: Partial<SampleRequest>): Promise<unknown> => draw(request).then(() => 'drawn', String);
  test.each([
    [
      'a sampler that adds noise',
      { sampler: 'DDPM' as const, steps: 20, ...on(fabric, SHAPE) },
      /sampler must be .* got DDPM/,
    ],
    ['denoising strength 0', on(fabric, SHAPE, 0), /denoisingStrength must be above 0 and at most 1, got 0/],
    ['denoising strength above 1', on(fabric, SHAPE, 1.01), /denoisingStrength must be .* got 1.01/],
    [
      'denoising strength for no step',
      { steps: 4, ...on(fabric, SHAPE, 0.1) },
      /denoisingStrength 0.1 leaves none of 4 steps/,
    ],
    ['no picture', on(Buffer.from('no picture'), SHAPE), /unsupported image format/],
  ])('%s', async (_, request, message) => {
    expect(await refusal(request)).toMatch(message);
  });

  test('a region of another size, an empty one, and one that no window holds', async () => {
    const region = (mask: Uint8Array, picture: Uint8Array = fabric) => refusal(on(picture, { kind: 'MASK', mask }));
    expect(await region(await maskOf(255, 256, () => true))).toMatch(
      /region is 255 × 256 pixels, the photograph 256 × 256/,
    );
    expect(await region(await maskOf(256, 256, () => false))).toMatch(/region is empty/);
    const wide = await sharp(fabric).resize(600, 100, { fit: 'fill' }).png().toBuffer();
    const long = await maskOf(600, 100, (_x, y) => y === 50);
    expect(await region(long, wide)).toMatch(/must fit into a square of 100/);
  });
});
