/** A bundle's own decoder of masks: images are as without it, and masks nearly so. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { SampleRequest, SampleResult } from '../../src/inference/index.js';
import { loadBundles, openEngine } from '../../src/inference/index.js';
import type { Json } from '../support/server.js';
import { newFolder } from '../support/server.js';
import { DEFAULT_BUNDLE, defaultManifest } from '../support/defaultBundle.js';
import { generateAll } from './generateAll.js';
import { overlap, pixelsOf } from './images.js';

/** A folder of bundles in which the default bundle has no decoder of masks. */
async function withoutDecoder(): Promise<string> {
  const folder = newFolder();
  const bundle = join(folder, ...DEFAULT_BUNDLE.split('@'));
  await cp(dirname(defaultManifest), bundle, { recursive: true });
  const manifest = JSON.parse(await readFile(defaultManifest, 'utf8')) as Json;
  delete manifest.components.mask_decoder;
  await writeFile(join(bundle, 'bundle.json'), JSON.stringify(manifest));
  await rm(join(bundle, 'mask_decoder.onnx'));
  return folder;
}

async function drawn(modelsDirectory: string, requests: SampleRequest[]): Promise<SampleResult[]> {
  const engine = await openEngine({ modelsDirectory, precision: 'fp32' });
  const results = new Map<string, SampleResult>();
  await generateAll(engine, requests, { onSample: (result) => void results.set(result.id, result) });
  await engine.close();
  return requests.map(({ id }) => results.get(id) as SampleResult);
}

test.each(['AVERAGE_FEATURES', 'AVERAGE_PIXELS'] as const)('with %s', async (maskMode) => {
  const [bundle] = (await loadBundles('models')).filter(({ id }) => id === DEFAULT_BUNDLE);
  if (bundle === undefined) throw new Error(`${DEFAULT_BUNDLE} is not in models`);
  const { vocabulary, defaults } = bundle.manifest;
  const requests = vocabulary.trainedPairs.slice(0, 6).map(([product, defect], seed): SampleRequest => {
    const of = { id: String(seed), bundle: DEFAULT_BUNDLE, product, defect, seed, maskMode };
    return { ...of, ...defaults, strength: 2, sampler: 'TURBO', steps: 4 };
  });
  const [own, before] = [await drawn('models', requests), await drawn(await withoutDecoder(), requests)];
  const overlaps: number[] = [];
  for (const [i, { image, mask }] of own.entries()) {
    const other = before[i] as SampleResult;
    expect((await pixelsOf(image)).data).toEqual((await pixelsOf(other.image)).data);
    overlaps.push(overlap((await pixelsOf(mask)).data, (await pixelsOf(other.mask)).data));
  }
  expect(overlaps.filter((one) => one === 1).length).toBeLessThan(overlaps.length);
  expect(overlaps.reduce((sum, one) => sum + one, 0) / overlaps.length).toBeGreaterThan(0.95);
});
