/** The engine on every bundle that is checked in: what a fresh clone draws with. */
import { fileURLToPath } from 'node:url';

import type { Bundle, Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { coverage, loadBundles, openEngine } from '../../src/inference/index.js';
import { overlap, pixelsOf, psnr } from './images.js';
import { generateAll } from './generateAll.js';

const modelsDirectory = fileURLToPath(new URL('../../models', import.meta.url));

const bundles = await loadBundles(modelsDirectory);
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ modelsDirectory, maximumRows: 6 });
});
afterAll(() => engine.close());

async function drawAll(requests: SampleRequest[], progress?: () => void): Promise<SampleResult[]> {
  const results = new Map<string, SampleResult>();
  await generateAll(engine, requests, {
    onProgress: () => progress?.(),
    onSample: (result) => void results.set(result.id, result),
  });
  return requests.map(({ id }) => results.get(id) as SampleResult);
}

function requestOf({ id, manifest }: Bundle, changes: Partial<SampleRequest> = {}): SampleRequest {
  const { vocabulary, defaults } = manifest;
  const [product = '', defect = ''] = vocabulary.trainedPairs[0] ?? [];
  return { id: 'sample', bundle: id, product, defect, seed: 11, maskMode: 'AVERAGE_FEATURES', ...defaults, ...changes };
}

describe.each(bundles.map((bundle) => ({ id: bundle.id, bundle })))('$id', ({ bundle }) => {
  const { vocabulary, image, prompts } = bundle.manifest;

  test('draws a picture of its size with a mask, and the same again', async () => {
    const [first] = await drawAll([requestOf(bundle)]);
    const [second] = await drawAll([requestOf(bundle)]);
    expect(second).toEqual(first);
    expect(await pixelsOf(first?.image)).toMatchObject({ ...image });
    expect(await pixelsOf(first?.mask)).toMatchObject({ ...image, channels: 1 });
  });

  test('draws something: the picture is not flat', async () => {
    const [result] = await drawAll([requestOf(bundle)]);
    const { data } = await pixelsOf(result?.image);
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length)).toBeGreaterThan(2);
  });

  test('draws the same alone as in company at other steps', async () => {
    const [alone] = await drawAll([requestOf(bundle)]);
    const [, together] = await drawAll([
      requestOf(bundle, { id: 'first', seed: 12, steps: 5 }),
      requestOf(bundle),
      requestOf(bundle, { id: 'last', seed: 13, guidance: 'PRODUCT_RELATIVE' }),
    ]);
    expect(psnr((await pixelsOf(alone?.image)).data, (await pixelsOf(together?.image)).data)).toBeGreaterThan(60);
    expect(overlap((await pixelsOf(alone?.mask)).data, (await pixelsOf(together?.mask)).data)).toBeGreaterThan(0.98);
  });

  test('marks nothing at strength 0 and in the normal state, which are one picture', async () => {
    const [zero, normal] = await drawAll([
      requestOf(bundle, { id: 'zero', strength: 0 }),
      requestOf(bundle, { id: 'normal', defect: prompts.normal }),
    ]);
    expect(zero).toMatchObject({ areaFraction: 0, boundingBoxes: [] });
    expect(normal).toMatchObject({ areaFraction: 0, boundingBoxes: [] });
    expect(psnr((await pixelsOf(zero?.image)).data, (await pixelsOf(normal?.image)).data)).toBeGreaterThan(60);
  });

  test('draws every product, and a pair that it never saw together', async () => {
    const requests = vocabulary.products.map((product, i) =>
      requestOf(bundle, { id: product, product, seed: i, steps: 4 }),
    );
    const unseen = vocabulary.products
      .flatMap((product) => vocabulary.defects.map((defect) => ({ product, defect })))
      .find(({ product, defect }) => coverage(bundle.manifest, product, defect) === 'ZERO_SHOT');
    if (unseen) requests.push(requestOf(bundle, { id: 'unseen', ...unseen, steps: 4 }));
    expect((await drawAll(requests)).map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
  });

  test('draws with each sampler, guidance and mask mode', async () => {
    const requests = (['DDPM', 'DDIM', 'DPM_SOLVER_PP'] as const).flatMap((sampler) =>
      (['DOUBLE_FREE', 'PRODUCT_RELATIVE'] as const).map((guidance) =>
        requestOf(bundle, { id: `${sampler} ${guidance}`, sampler, guidance, steps: 4, maskMode: 'AVERAGE_PIXELS' }),
      ),
    );
    expect(await drawAll(requests)).toHaveLength(6);
  });

  test('draws on when its device worker is killed halfway, and draws the same', async () => {
    const [undisturbed] = await drawAll([requestOf(bundle)]);
    let kills = 0;
    const [redrawn] = await drawAll([requestOf(bundle)], () => {
      const pid = engine.devices()[0]?.pid;
      if (kills++ === 0 && pid !== undefined) process.kill(pid, 'SIGKILL');
    });
    expect(kills).toBeGreaterThan(0);
    expect(redrawn).toEqual(undisturbed);
  });
});
