/**
 * Adapters (adapters/, made by golden/make_adapters.py): they are bundles with words of their own, draw what Python draws with them, and share
 * batches with their base, whose samples they leave as they are.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createModelRegistry } from '../../src/catalog/modelRegistry.js';
import type { DeviceStep, Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { coverage, loadBundles, openEngine } from '../../src/inference/index.js';
import { DEFAULT_BUNDLE, defaultManifest } from '../support/defaultBundle.js';
import type { Editable } from './editableBundle.js';
import { refusal } from './editableBundle.js';
import { generateAll } from './generateAll.js';
import { overlap, pixelsOf, psnr } from './images.js';

const golden = new URL('./golden/adapters/', import.meta.url);
const adapters = fileURLToPath(new URL('./adapters', import.meta.url));
const base = dirname(dirname(defaultManifest));

/** A models directory with the default bundle and the two adapters. */
async function directoryWithAdapters(): Promise<string> {
  const models = await mkdtemp(join(tmpdir(), 'adapters-'));
  await cp(adapters, models, { recursive: true });
  await symlink(base, join(models, 'surfaces-small'));
  return models;
}

interface Golden {
  readonly request: SampleRequest;
  readonly confidence: number;
}

function goldenSample(n: number): Golden {
  const text = readFileSync(new URL(`${String(n)}.json`, golden), 'utf8');
  const { confidence, ...request } = JSON.parse(text) as Omit<SampleRequest, 'id'> & { confidence: number };
  return { request: { ...request, id: `golden ${String(n)}` }, confidence };
}

const knownRequest: SampleRequest = {
  ...goldenSample(0).request,
  id: 'known',
  bundle: DEFAULT_BUNDLE,
  product: 'steel strip',
  defect: 'scratch',
};

async function draw(engine: Engine, requests: SampleRequest[]): Promise<Map<string, SampleResult>> {
  const results = new Map<string, SampleResult>();
  await generateAll(engine, requests, { onSample: (result) => void results.set(result.id, result) });
  return results;
}

describe('an engine with adapters', () => {
  let models: string;
  let engine: Engine;
  const steps: DeviceStep[] = [];
  beforeAll(async () => {
    models = await directoryWithAdapters();
    engine = await openEngine({
      modelsDirectory: models,
      maximumRows: 10,
      precision: 'fp32',
      onStep: (step) => steps.push(step),
    });
  });
  afterAll(async () => {
    await engine.close();
    await rm(models, { recursive: true });
  });

  test('lists each as a bundle that knows its own words only', () => {
    const ring = engine.bundles.find(({ id }) => id === 'ring@1.0.0');
    expect(ring?.manifest.vocabulary).toMatchObject({ products: ['brass ring'], defects: ['dent'] });
    expect(ring && coverage(ring.manifest, 'brass ring', 'dent')).toBe('TRAINED');
    expect(ring && coverage(ring.manifest, 'steel strip', 'scratch')).toBe('UNSUPPORTED');
  });

  test("has the base's student, whose quality for its words is not known", () => {
    const manifestOf = (id: string) => engine.bundles.find((bundle) => bundle.id === id)?.manifest;
    const { steps, strength, productScale } = manifestOf(DEFAULT_BUNDLE)?.turbo ?? {};
    expect(manifestOf('ring@1.0.0')?.turbo).toEqual({ steps, strength, productScale });
    expect(steps).toEqual([2, 4, 8]);
  });

  test('has the bundle, not an adapter, as the default model', () => {
    expect(createModelRegistry(engine.bundles, undefined).find().id).toBe(DEFAULT_BUNDLE);
    expect(createModelRegistry(engine.bundles, 'ring').find().id).toBe('ring@1.0.0');
  });

  test.each([
    [0, 'the first adapter'],
    [1, 'the second'],
    [2, "the first, in the steps of the base's student"],
    [3, 'the second, in these steps'],
  ])('draws what Python draws: sample %d, with %s', async (n) => {
    const { request, confidence } = goldenSample(n);
    const result = (await draw(engine, [request])).get(request.id);
    const [image, mask] = [await pixelsOf(result?.image), await pixelsOf(result?.mask)];
    const file = (suffix: string): Uint8Array => readFileSync(new URL(`${String(n)}.${suffix}.png`, golden));
    expect(psnr(image.data, (await pixelsOf(file('image'))).data)).toBeGreaterThanOrEqual(40);
    expect(overlap(mask.data, (await pixelsOf(file('mask'))).data)).toBeGreaterThanOrEqual(0.98);
    expect(Math.abs((result?.confidence ?? NaN) - confidence)).toBeLessThan(0.005);
  });

  test('batches samples of the base and of both adapters, which look as they do alone', async () => {
    const requests = [knownRequest, goldenSample(0).request, goldenSample(1).request, goldenSample(2).request];
    const alone = await Promise.all(requests.map(async (request) => (await draw(engine, [request])).get(request.id)));
    steps.length = 0;
    const together = await draw(engine, requests);
    expect(steps.filter(({ samples }) => samples === 4).length).toBeGreaterThan(0);
    expect(new Set(steps.map(({ bundle }) => bundle))).toEqual(new Set([DEFAULT_BUNDLE]));
    for (const [i, { id }] of requests.entries()) {
      const [a, b] = [await pixelsOf(alone[i]?.image), await pixelsOf(together.get(id)?.image)];
      expect(psnr(a.data, b.data)).toBeGreaterThanOrEqual(50);
    }
  });

  test('draws known products byte for byte as an engine without adapters', async () => {
    const plain = await openEngine({ modelsDirectory: dirname(base), maximumRows: 10, precision: 'fp32' });
    const [ours, theirs] = [await draw(engine, [knownRequest]), await draw(plain, [knownRequest])];
    await plain.close();
    for (const file of ['image', 'mask', 'overlay'] as const)
      expect(Buffer.compare(ours.get('known')?.[file] ?? Buffer.of(), theirs.get('known')?.[file] ?? Buffer.of())).toBe(
        0,
      );
    expect(ours.get('known')?.image.length).toBeGreaterThan(1000);
  });
});

describe('an adapter is refused', () => {
  let models: string;
  beforeEach(async () => {
    models = await directoryWithAdapters();
  });
  afterEach(() => rm(models, { recursive: true }));

  const editRing = async (change: (manifest: Editable) => void): Promise<void> => {
    const path = join(models, 'ring', '1.0.0', 'adapter.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Editable;
    change(manifest);
    await writeFile(path, JSON.stringify(manifest));
  };

  test.each<[string, (manifest: Editable) => void, string]>([
    [
      'without its base',
      (manifest) => (manifest.base.version = '0.4.0'),
      '/base: belongs to the bundle surfaces-small@0.4.0, which is not in the models directory (surfaces-small@0.5.0)',
    ],
    [
      'beside another export of its base',
      (manifest) => (manifest.base.graphs.denoiser = '0'.repeat(64)),
      '/base/graphs/denoiser: was trained on the graph with SHA-256 0000',
    ],
    [
      'without the embedding of a prompt',
      (manifest) => delete manifest.phrases['a photo of dent'],
      '/phrases: "a photo of dent" is missing; export the adapter again',
    ],
    ['of another format', (manifest) => (manifest.formatVersion = 2), '/formatVersion: is 2, this engine reads 1'],
    ['with an unknown property', (manifest) => (manifest.rank = 4), '/: has an unknown property "rank"'],
    [
      'under the name of another folder',
      (manifest) => (manifest.name = 'bracelet'),
      'says it is bracelet 1.0.0 (/name, /version) but lies in ring/1.0.0/',
    ],
  ])('%s', async (_, change, message) => {
    await editRing(change);
    expect((await refusal(loadBundles(models))).message).toContain(message);
  });

  test('with flipped bits', async () => {
    const path = join(models, 'ring', '1.0.0', 'modulation_change.onnx');
    const content = await readFile(path);
    content.writeUInt8(content.readUInt8(900) ^ 0xff, 900);
    await writeFile(path, content);
    expect((await refusal(loadBundles(models))).message).toMatch(
      /modulation_change\.onnx: has SHA-256 .* at \/modulation/,
    );
  });
});
