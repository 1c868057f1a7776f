/** Where samples are placed on photographs that show more than the part, and what their masks mark. */
import { readFileSync } from 'node:fs';
import { loadBundles } from '../../src/inference/index.js';
import { readForeground } from '../../src/inference/device/sample/allowedArea.js';
import { pixelsOf } from './images.js';
import {
  CHOSEN,
  NEWEST_SHAPE,
  SHAPE,
  bundle,
  changedPixels,
  draw,
  drawOne,
  engine,
  fabric,
  maskOf,
  models,
  on,
  openDefaultEngine,
  outside,
} from './inpaintingEngine.js';

const cookie = readFileSync(new URL('../../examples/cookie/data/cookie/train/good/002.jpg', import.meta.url));
const SIZE = { width: 384, height: 512 };
const crack = { product: 'masonry', defect: 'crack', steps: 4 };
const seeds = [1, 2, 3, 4, 5, 6];

beforeAll(openDefaultEngine);
afterAll(() => engine.close());

const count = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0);
const regionOf = async (result: { region: Uint8Array | null }): Promise<Uint8Array> =>
  (await pixelsOf(result.region ?? undefined)).data;

describe('on a photograph with a background', () => {
  test('regions lie on the part, and the sample says how they were placed', async () => {
    const part = (await readForeground(cookie, SIZE)) ?? new Uint8Array();
    const share = count(part) / part.length;
    expect(share).toBeLessThan(0.5);
    const shaped = await draw(...seeds.map((seed) => ({ ...crack, seed, ...on(cookie, NEWEST_SHAPE) })));
    for (const result of shaped) {
      const region = await regionOf(result);
      expect(outside(region, part) / count(region)).toBeLessThanOrEqual(0.25);
      expect(result.allowedArea).toEqual({ source: 'FOREGROUND', share });
    }
    const chosen = await drawOne({ ...crack, ...on(cookie, { ...CHOSEN, placement: 2 }) });
    expect(outside(await regionOf(chosen), part)).toBe(0);
  });

  test('the area of the request overrides the one that was found', async () => {
    const allowed = await maskOf(SIZE.width, SIZE.height, (_, y) => y < 120);
    const result = await drawOne({ ...crack, ...on(cookie, { ...NEWEST_SHAPE, allowed }) });
    expect(outside(await regionOf(result), (await pixelsOf(allowed)).data)).toBe(0);
    expect(result.allowedArea).toEqual({ source: 'REQUEST', share: 120 / 512 });
  });

  test('requests from before it was looked for keep their places', async () => {
    const part = (await readForeground(cookie, SIZE)) ?? new Uint8Array();
    const results = await draw(...seeds.map((seed) => ({ ...crack, seed, ...on(cookie, SHAPE) })));
    const regions = await Promise.all(results.map(regionOf));
    expect(regions.some((region) => outside(region, part) > count(region) / 2)).toBe(true);
    expect(results[0]?.allowedArea).toEqual({ source: 'WHOLE_IMAGE', share: 1 });
  });
});

test('where nothing stands out, the region may lie anywhere; an own region is not placed', async () => {
  const result = await drawOne({ steps: 4, ...on(fabric, NEWEST_SHAPE) });
  expect(result.allowedArea).toEqual({ source: 'WHOLE_IMAGE', share: 1 });
  const mask = await maskOf(256, 256, (x, y) => x > 90 && x < 160 && y > 90 && y < 160);
  expect((await drawOne({ steps: 4, ...on(fabric, { kind: 'MASK', mask }) })).allowedArea).toBeNull();
  expect((await drawOne({ steps: 4 })).allowedArea).toBeNull();
});

describe('mask conventions', () => {
  const region = maskOf(256, 256, (x, y) => (x - 150) ** 2 + (y - 90) ** 2 < 50 ** 2);

  test('an outline is larger than what changed most, and more of the defect shows', async () => {
    const mask = await region;
    const [change, outline] = await draw(
      on(fabric, { kind: 'MASK', mask }, 0.8, 'CHANGE'),
      on(fabric, { kind: 'MASK', mask }, 0.8, 'OUTLINE'),
    );
    if (change === undefined || outline === undefined) throw new Error('nothing was drawn');
    expect(outline.areaFraction).toBeGreaterThan(1.2 * change.areaFraction);
    const [less, more] = [await changedPixels(fabric, change.image), await changedPixels(fabric, outline.image)];
    expect(count(more)).toBeGreaterThan(count(less));
    expect(outside(more, (await pixelsOf(mask)).data)).toBe(0);
    expect(outline.scores?.visibility).toBeGreaterThan(8);
  });

  test('an unknown one is refused', async () => {
    const request = on(fabric, { kind: 'MASK', mask: await region }, 0.8, 'BOX' as 'CHANGE');
    expect(await draw(request).then(() => 'drawn', String)).toMatch(
      /maskConvention must be one of CHANGE, OUTLINE, got "BOX"/,
    );
  });
});

describe('the ignore mask', () => {
  test('on a photograph, marks what changed outside the mask, and nothing that did not', async () => {
    const mask = await maskOf(256, 256, (x, y) => (x - 150) ** 2 + (y - 90) ** 2 < 50 ** 2);
    const result = await drawOne(on(fabric, { kind: 'MASK', mask }));
    const ignore = (await pixelsOf(result.ignore ?? undefined)).data;
    expect(count(ignore)).toBeGreaterThan(20);
    expect(outside(ignore, await changedPixels(fabric, result.image))).toBe(0);
    const marked = (await pixelsOf(result.mask)).data;
    expect(ignore.some((value, i) => value !== 0 && marked[i] !== 0)).toBe(false);
  });

  test('from noise, marks the border of the mask, for every trained pair that has one', async () => {
    const loaded = (await loadBundles(models)).find(({ id }) => id === bundle);
    const pairs = loaded?.manifest.vocabulary.trainedPairs.slice(0, 6) ?? [];
    const results = await draw(...pairs.map(([product, defect]) => ({ product, defect, steps: 8, seed: 5 })));
    expect(results.filter(({ ignore }) => ignore !== null).length).toBeGreaterThan(3);
    for (const { ignore, mask, areaFraction } of results) {
      if (ignore === null) continue;
      const [border, marked] = [(await pixelsOf(ignore)).data, (await pixelsOf(mask)).data];
      expect(border.some((value, i) => value !== 0 && marked[i] === 0)).toBe(true);
      expect(count(border) / border.length).toBeLessThan(areaFraction + 0.1);
    }
  });

  test('a sample without a defect has none', async () => {
    expect((await drawOne({ strength: 0, steps: 4 })).ignore).toBeNull();
    expect((await drawOne({ strength: 0, steps: 4, ...on(fabric, SHAPE) })).ignore).toBeNull();
  });
});
