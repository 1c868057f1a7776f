/** A bundle's own decoder of masks, of its student's samples: images are as without it, and masks nearly so. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { openEngine } from '../../src/inference/index.js';
import type { Json } from '../support/server.js';
import { newFolder } from '../support/server.js';
import { DEFAULT_BUNDLE, defaultManifest } from '../support/defaultBundle.js';
import { generateAll } from './generateAll.js';
import { overlap, pixelsOf, psnr } from './images.js';

/** The default bundle, without its decoder of masks. */
const PLAIN = 'plain@1.0.0';

let engine: Engine;
let defaults: Json;
let pairs: readonly (readonly [product: string, defect: string])[];
beforeAll(async () => {
  const modelsDirectory = newFolder();
  const folderOf = (bundle: string): string => join(modelsDirectory, ...bundle.split('@'));
  for (const bundle of [DEFAULT_BUNDLE, PLAIN])
    await cp(dirname(defaultManifest), folderOf(bundle), { recursive: true });
  const manifest = JSON.parse(await readFile(defaultManifest, 'utf8')) as Json;
  ({ defaults } = manifest);
  pairs = manifest.vocabulary.trainedPairs.slice(0, 6);
  delete manifest.components.mask_decoder;
  const plain = { ...manifest, name: 'plain', version: '1.0.0' };
  await writeFile(join(folderOf(PLAIN), 'bundle.json'), JSON.stringify(plain));
  await rm(join(folderOf(PLAIN), 'mask_decoder.onnx'));
  engine = await openEngine({ modelsDirectory, precision: 'fp32' });
});
afterAll(() => engine.close());

/** PSNR of the images and IoU of the masks, with the decoder of masks against without, of each pair. */
async function compared(changes: Partial<SampleRequest>): Promise<{ psnr: number; iou: number }[]> {
  const results = new Map<string, SampleResult>();
  const requests = [DEFAULT_BUNDLE, PLAIN].flatMap((bundle) =>
    pairs.map(([product, defect], seed) => {
      const of = { id: `${bundle} ${String(seed)}`, bundle, product, defect, seed, strength: 2 };
      return { ...defaults, maskMode: 'AVERAGE_FEATURES', ...of, ...changes } as SampleRequest;
    }),
  );
  await generateAll(engine, requests, { onSample: (result) => void results.set(result.id, result) });
  const pixels = async (file: 'image' | 'mask', bundle: string, seed: number): Promise<Uint8Array> =>
    (await pixelsOf(results.get(`${bundle} ${String(seed)}`)?.[file])).data;
  return Promise.all(
    pairs.map(async (_, seed) => {
      const both = (file: 'image' | 'mask'): Promise<[Uint8Array, Uint8Array]> =>
        Promise.all([pixels(file, DEFAULT_BUNDLE, seed), pixels(file, PLAIN, seed)]);
      return { psnr: psnr(...(await both('image'))), iou: overlap(...(await both('mask'))) };
    }),
  );
}

test.each(['AVERAGE_FEATURES', 'AVERAGE_PIXELS'] as const)('of the student, with %s', async (maskMode) => {
  const found = await compared({ sampler: 'TURBO', steps: 4, maskMode });
  expect(Math.min(...found.map((one) => one.psnr))).toBeGreaterThan(60);
  const ious = found.map(({ iou }) => iou);
  expect(ious.filter((iou) => iou === 1).length).toBeLessThan(ious.length);
  expect(ious.reduce((sum, iou) => sum + iou, 0) / ious.length).toBeGreaterThan(0.9);
});

test('of other samples, the image decoder makes the masks', async () => {
  const found = await compared({ steps: 4 });
  expect(Math.min(...found.map(({ iou }) => iou))).toBeGreaterThan(0.98);
});
