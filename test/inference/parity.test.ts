/**
 * The engine draws what Python draws from the same request and seed: the training package's `sample` for a checked-in
 * bundle, golden/make_samples.py for the tiny one. Each folder of golden/samples is a bundle's; a bundle that is replaced
 * by a new version takes its folder with it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { InferencePool, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { loadBundles, openPool } from '../../src/inference/index.js';
import { overlap, pixelsOf, psnr } from './pictures.js';

const samples = new URL('./golden/samples/', import.meta.url);
const directories = ['./models', '../../models'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

const pools = new Map<string, InferencePool>();
afterAll(() => Promise.all([...pools.values()].map((pool) => pool.close())));

async function poolWith(bundleId: string): Promise<InferencePool> {
  for (const directory of directories) {
    const bundles = await loadBundles(directory).catch(() => []);
    if (!bundles.some(({ id }) => id === bundleId)) continue;
    const pool = pools.get(directory) ?? (await openPool({ modelsDirectory: directory, maximumRows: 6 }));
    pools.set(directory, pool);
    return pool;
  }
  throw new Error(`there are golden samples of ${bundleId} but no such bundle; draw them again for the one there is`);
}

const cases = readdirSync(samples).flatMap((bundle) =>
  readdirSync(new URL(`${bundle}/`, samples))
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ bundle, n: file.replace('.json', ''), folder: new URL(`${bundle}/`, samples) })),
);

test.each(cases)('$bundle, sample $n', async ({ bundle, n, folder }) => {
  const file = (suffix: string): URL => new URL(`${n}.${suffix}`, folder);
  const request = JSON.parse(readFileSync(file('json'), 'utf8')) as Omit<SampleRequest, 'id' | 'bundle'>;
  const pool = await poolWith(bundle);
  const results: SampleResult[] = [];
  await pool.draw([{ ...request, id: n, bundle }], { sample: (result) => results.push(result) });

  const compare = async (ours: Uint8Array | undefined, theirs: string): Promise<[Uint8Array, Uint8Array]> => {
    const [a, b] = [await pixelsOf(ours), await pixelsOf(readFileSync(file(theirs)))];
    expect([a.width, a.height, a.channels]).toEqual([b.width, b.height, b.channels]);
    return [a.data, b.data];
  };
  expect(psnr(...(await compare(results[0]?.image, 'image.png')))).toBeGreaterThanOrEqual(40);
  expect(overlap(...(await compare(results[0]?.mask, 'mask.png')))).toBeGreaterThanOrEqual(0.98);
});

test('there is something to compare with', () => {
  expect(existsSync(dirname(fileURLToPath(samples)))).toBe(true);
  expect(cases.length).toBeGreaterThan(0);
});
