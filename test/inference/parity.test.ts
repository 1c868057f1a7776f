/**
 * The engine draws what Python draws from the same request and seed: the training package's `sample` for a checked-in
 * bundle and for one of a published model's kind (golden/make_published_bundle.py: learned variances, weights beside the
 * graphs, a BPE tokenizer), golden/make_samples.py for the tiny one. Each folder of golden/samples is a bundle's; a bundle that is replaced
 * by a new version takes its folder with it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Engine, Precision, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { loadBundles, openEngine } from '../../src/inference/index.js';
import { DEFAULT_BUNDLE } from '../support/defaultBundle.js';
import { overlap, pixelsOf, psnr } from './images.js';
import { generateAll } from './generateAll.js';

const samples = new URL('./golden/samples/', import.meta.url);
const directories = ['./models', './published/models', './student/models', '../../models'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const engines = new Map<string, Engine>();
afterAll(() => Promise.all([...engines.values()].map((engine) => engine.close())));

async function poolWith(bundleId: string, precision: Precision): Promise<Engine> {
  for (const modelsDirectory of directories) {
    const bundles = await loadBundles(modelsDirectory).catch(() => []);
    if (!bundles.some(({ id }) => id === bundleId)) continue;
    const key = `${modelsDirectory} ${precision}`;
    const engine = engines.get(key) ?? (await openEngine({ modelsDirectory, precision, maximumRows: 6 }));
    engines.set(key, engine);
    return engine;
  }
  throw new Error(`there are golden samples of ${bundleId} but no such bundle; draw them again for the one there is`);
}

const cases = readdirSync(samples).flatMap((bundle) =>
  readdirSync(new URL(`${bundle}/`, samples))
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ bundle, n: file.replace('.json', ''), folder: new URL(`${bundle}/`, samples) })),
);

interface Case {
  readonly bundle: string;
  readonly n: string;
  readonly folder: URL;
}

/** PSNR of the images in dB, the masks' IoU, and by how much the confidence in them differs. */
async function compared(
  { bundle, n, folder }: Case,
  precision: Precision,
): Promise<{ psnr: number; iou: number; doubt: number }> {
  const file = (suffix: string): URL => new URL(`${n}.${suffix}`, folder);
  const { confidence, ...request } = JSON.parse(readFileSync(file('json'), 'utf8')) as Omit<
    SampleRequest,
    'id' | 'bundle'
  > & { confidence: number };
  const engine = await poolWith(bundle, precision);
  const results: SampleResult[] = [];
  await generateAll(engine, [{ ...request, id: n, bundle }], { onSample: (result) => results.push(result) });

  const compare = async (ours: Uint8Array | undefined, theirs: string): Promise<[Uint8Array, Uint8Array]> => {
    const [a, b] = [await pixelsOf(ours), await pixelsOf(readFileSync(file(theirs)))];
    expect([a.width, a.height, a.channels]).toEqual([b.width, b.height, b.channels]);
    return [a.data, b.data];
  };
  return {
    psnr: psnr(...(await compare(results[0]?.image, 'image.png'))),
    iou: overlap(...(await compare(results[0]?.mask, 'mask.png'))),
    doubt: Math.abs((results[0]?.confidence ?? NaN) - confidence),
  };
}

test.each(cases)('$bundle, sample $n', async (one) => {
  const found = await compared(one, 'fp32');
  expect(found.psnr).toBeGreaterThanOrEqual(40);
  expect(found.iou).toBeGreaterThanOrEqual(0.98);
  expect(found.doubt).toBeLessThan(0.005);
});

/** Not the very same picture, or it would not have been drawn in int8; by how much they differ the manifest says. */
test.each(cases.filter(({ bundle }) => bundle.startsWith('surfaces')))('$bundle in int8, sample $n', async (one) => {
  const found = await compared(one, 'int8');
  expect(found.psnr).toBeGreaterThanOrEqual(30);
  expect(found.psnr).toBeLessThan(60);
  expect(found.doubt).toBeLessThan(0.1);
  // Of thin masks a pixel more or less at the edge is much.
  expect(found.iou).toBeGreaterThanOrEqual(0.5);
});

test('what is run is what was asked for, where there is such a graph', async () => {
  const [surfaces, tiny] = await Promise.all([poolWith(DEFAULT_BUNDLE, 'int8'), poolWith('tiny@1.0.0', 'int8')]);
  expect(surfaces.devices()[0]?.precisions).toEqual({ [DEFAULT_BUNDLE]: 'int8', 'surfaces-open@0.1.0': 'int8' });
  expect(tiny.devices()[0]?.precisions).toEqual({ 'tiny@1.0.0': 'fp32' });
});

test('there is something to compare with', () => {
  expect(existsSync(dirname(fileURLToPath(samples)))).toBe(true);
  expect(cases.length).toBeGreaterThan(0);
});
