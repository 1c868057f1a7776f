/**
 * What is written, file by file. The archives that training/tests/test_exports.py gives to the real readers (pycocotools, the reader of the
 * MVTec AD layout) are compared with what the writer makes today: a change fails here until they are made anew (UPDATE_EXPORTS=1).
 */
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { openLocalStore } from '../../src/artifacts/localStore.js';
import { admitExport } from '../../src/exports/admitExport.js';
import { writeArchive } from '../../src/exports/writeArchive.js';
import type { ExportInput } from '../../src/exports/resolveExport.js';
import type { SampleConditions } from '../../src/generations/samples/sampleConditions.js';
import { readConfig } from '../../src/config.js';
import type { Storage } from '../../src/storage/database.js';
import { openStorage } from '../../src/storage/open.js';
import type { ExportRow } from '../../src/storage/tables.js';
import { samples } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { ensureTenant } from '../../src/tenants/provisioning.js';
import type { SampleSet } from '../support/sampleSet.js';
import { putPhotographs } from '../support/exportedPhotographs.js';
import { fixedId, putSampleSet } from '../support/sampleSet.js';
import { databaseOf } from '../support/database.js';
import { newDataDirectory } from '../support/server.js';
import type { ZipEntry } from '../support/zip.js';
import { entriesIn, textIn } from '../support/zip.js';

const FIXTURES = join(process.cwd(), 'training/tests/exports');
const LICENCE = { id: 'Apache-2.0', terms: 'Free to use.', sources: [] };

let storage: Storage;
let store: ArtifactStore;
let scope: TenantScope;
let set: SampleSet;

beforeAll(async () => {
  const directory = newDataDirectory();
  storage = await openStorage(await databaseOf(directory));
  store = await openLocalStore(join(directory, 'artifacts'));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'exports'));
  set = await putSampleSet(scope, store);
  await putPhotographs(scope, store);
});
afterEach(() => storage.database.execute(sql`delete from export`));
afterAll(() => storage.close());

function accept(input: ExportInput, conditions: SampleConditions = {}, limit = 100): Promise<ExportRow> {
  return admitExport(scope, { ...readConfig({}).limits, samplesPerExport: limit }, input, conditions);
}

/** With an id and a time that are always the same, as everything else in the archive is. */
async function write(input: ExportInput, conditions: SampleConditions = {}): Promise<ZipEntry[]> {
  const row = await accept(input, conditions);
  return entriesIn(await bytesOf(row));
}

let files = 0;
async function bytesOf(row: ExportRow, from: ArtifactStore = store): Promise<Buffer> {
  const file = join(store.temporary, String(files++));
  const signal = new AbortController().signal;
  const parts = {
    scope,
    row,
    store: from,
    version: '1.2.3',
    licenceOf: () => LICENCE,
    signal,
    onProgress: () => undefined,
  };
  const { bytes } = await writeArchive(parts, file);
  const written = readFileSync(file);
  expect(written.length).toBe(bytes);
  await rm(file);
  return written;
}

test.each([
  ['mvtec_ad', { format: 'MVTEC_AD', heldOutFraction: 0.5 }],
  ['coco_polygons', { format: 'COCO', heldOutFraction: 0 }],
  ['coco_rle', { format: 'COCO', heldOutFraction: 0, cocoSegmentation: 'RLE' }],
  ['coco_photographs', { format: 'COCO', heldOutFraction: 0, photographs: { own: true, ofOtherProducts: true } }],
  ['mvtec_ad_photographs', { format: 'MVTEC_AD', normals: false, photographs: { own: true, ofOtherProducts: true } }],
  ['yolo_segmentation', { format: 'YOLO_SEGMENTATION', heldOutFraction: 0.5, normals: true }],
] as const)('%s.zip, which the Python tests read, is what is written today (UPDATE_EXPORTS=1)', async (name, input) => {
  const accepted = await accept(input);
  const written = await bytesOf({ ...accepted, createdAt: new Date('2026-02-03T04:05:06Z') });
  const fixture = join(FIXTURES, `${name}.zip`);
  if (process.env['UPDATE_EXPORTS'] === '1') writeFileSync(fixture, written);
  expect(existsSync(fixture)).toBe(true);
  const stable = (entries: ZipEntry[]) =>
    entries.map(({ name: file, content, stored }) => ({
      file,
      stored,
      content: file === 'manifest.json' ? withoutId(content.toString()) : content.toString('base64'),
    }));
  expect(stable(entriesIn(written))).toEqual(stable(entriesIn(readFileSync(fixture))));
});

const withoutId = (manifest: string): unknown => {
  const { export: settings, ...rest } = JSON.parse(manifest) as { export: object };
  return { ...rest, export: { ...settings, id: '' } };
};

test('the same export gives the same bytes again, as after a restart', async () => {
  const row = await accept({ format: 'MVTEC_AD' });
  expect((await bytesOf(row)).equals(await bytesOf(row))).toBe(true);
});

test('no name leads out of the archive, two things never get one name, and pictures are stored as they are', async () => {
  const entries = await write({ format: 'MVTEC_AD' });
  const names = entries.map(({ name }) => name);
  for (const name of names) expect(name).toMatch(/^[^./\\:][^\\:]*$/);
  expect(names.every((name) => !name.split('/').includes('..'))).toBe(true);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  // A defect that the tenant calls "good" does not lie with the good ones.
  expect(names.filter((name) => /\/test\/good-[0-9a-f]{12}\//.test(name))).toHaveLength(2);
  for (const { name, stored } of entries) expect(stored).toBe(name.endsWith('.png'));
});

test('the pictures without a defect are the twin of each scene and each photograph, once', async () => {
  const manifest = JSON.parse(textIn(await write({ format: 'MVTEC_AD', heldOutFraction: 0 }), 'manifest.json'));
  const twin = { image: expect.stringContaining(`/train/good/twin_${fixedId(41)}_`) };
  expect(manifest.normals).toMatchObject([
    { kind: 'TWIN', sampleId: fixedId(4100), files: twin },
    { kind: 'PHOTOGRAPH', referenceId: fixedId(30), name: 'line 3' },
  ]);
  expect(manifest.counts).toEqual({ samples: 6, photographs: 0, normals: 2 });
});

test.each(['MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION'] as const)('%s has a sidecar', async (format) => {
  const entries = await write({ format });
  const content = new Map(entries.map((entry) => [entry.name, entry.content]));
  for (const [i, { image, ignore, weight }] of JSON.parse(textIn(entries, 'sidecar/samples.json')).samples.entries()) {
    expect(content.has(image)).toBe(true);
    expect(weight).toBe(0.656); // confidence 0.875, agreement 0.75
    const ignoreKey = set.samples[i]?.ignoreKey ?? null;
    const stored = ignoreKey === null ? undefined : await store.read(scope.tenantId, ignoreKey);
    expect(content.get(ignore)?.toString('base64')).toBe(stored && Buffer.from(stored).toString('base64'));
  }
});

test('the manifest tells of each sample where it is, what it is, and the request that made it', async () => {
  const entries = await write({ format: 'COCO' });
  const manifest = JSON.parse(textIn(entries, 'manifest.json'));
  expect(manifest.samples.map(({ id }: { id: string }) => id)).toEqual(set.samples.map(({ id }) => id));
  for (const [i, sample] of set.samples.entries()) {
    const { seed, strength, boundingBoxes, generationId } = sample;
    const scores = { visibility: 40.5 };
    expect(manifest.samples[i]).toMatchObject({ seed, strength, boundingBoxes, generationId, scores });
    expect(entries.map(({ name }) => name)).toContain(manifest.samples[i].files.image);
  }
  expect(manifest.generations).toHaveLength(3);
  const request = { model: 'tiny@1.0.0', count: 2, seed: 5, steps: 20, sampler: 'DDIM' };
  expect(manifest.generations[0].request).toMatchObject(request);
  expect(manifest.models).toEqual([{ model: 'tiny@1.0.0', license: LICENCE }]);
});

test('what is held out is decided by the seed, and one scene is never on both sides', async () => {
  const halves = async (splitSeed: number) => {
    const manifest = JSON.parse(
      textIn(await write({ format: 'COCO', heldOutFraction: 0.5, splitSeed }), 'manifest.json'),
    );
    return manifest.samples.map(({ generationId, heldOut }: Record<string, unknown>) => [generationId, heldOut]);
  };
  expect(await halves(1)).toEqual(await halves(1));
  const seen = new Map<string, boolean>();
  for (const [scene, heldOut] of await halves(3))
    expect(seen.set(scene, seen.get(scene) ?? heldOut).get(scene)).toBe(heldOut);
});

test('the set is that of the moment of acceptance, less what was deleted', async () => {
  const row = await accept({ format: 'COCO' });
  const [first] = set.samples;
  const late = { ...first, id: fixedId(9999), index: 7 } as Omit<typeof samples.$inferSelect, 'tenantId'>;
  await storage.database.insert(samples).values(scope.own(late));
  const inArchive = async () => JSON.parse(textIn(entriesIn(await bytesOf(row)), 'manifest.json')).samples.length;
  expect(await inArchive()).toBe(6);
  const next = await accept({ format: 'COCO' });
  expect(next.sampleCount).toBe(7);
  await storage.database.execute(sql`delete from sample where id = ${late.id}`);
  expect(JSON.parse(textIn(entriesIn(await bytesOf(next)), 'manifest.json')).counts.samples).toBe(6);
});

test('samples with an empty mask, which show no defect, are left out', async () => {
  const [first] = set.samples;
  const empty = { ...first, id: fixedId(9998), index: 8, areaFraction: 0 } as Omit<
    typeof samples.$inferSelect,
    'tenantId'
  >;
  await storage.database.insert(samples).values(scope.own(empty));
  expect((await accept({ format: 'COCO' })).sampleCount).toBe(6);
  await expect(accept({ format: 'COCO' }, { areaFraction: { max: 0 } })).rejects.toThrow(
    'input.filter: no sample with a defect matches, so there is nothing to export',
  );
  await storage.database.execute(sql`delete from sample where id = ${empty.id}`);
});

test('more samples than the bound are refused whole', async () => {
  await expect(accept({ format: 'COCO' }, {}, 5)).rejects.toThrow('input.filter: more than 5 samples match');
  expect((await accept({ format: 'COCO' }, {}, 6)).sampleCount).toBe(6);
});

test('when a picture cannot be read, nothing is left of the archive', async () => {
  const row = await accept({ format: 'MVTEC_AD' });
  const failing = { ...store, read: () => Promise.reject(new Error('the disk is broken')) };
  await expect(bytesOf(row, failing)).rejects.toThrow('the disk is broken');
  expect(readdirSync(store.temporary)).toEqual([]);
});

test('never is more than one sample read ahead of what is on the disk', async () => {
  const row = await accept({ format: 'MVTEC_AD' });
  const big = Buffer.alloc(4 * 1024 * 1024, 7);
  const file = join(store.temporary, 'big');
  let [read, ahead] = [0, 0];
  const counting: ArtifactStore = {
    ...store,
    async read(tenantId, key) {
      ahead = Math.max(ahead, read - statSync(file).size);
      const bytes = await store.read(tenantId, key);
      if (key.length > 0 && set.samples.some(({ maskKey }) => maskKey === key)) return ((read += bytes.length), bytes);
      // Bytes after the end of a PNG are no part of the picture.
      read += bytes.length + big.length;
      return Buffer.concat([bytes, big]);
    },
  };
  const signal = new AbortController().signal;
  const parts = {
    scope,
    row,
    store: counting,
    version: '',
    licenceOf: () => LICENCE,
    signal,
    onProgress: () => undefined,
  };
  const { bytes } = await writeArchive(parts, file);
  await rm(file);
  expect(bytes).toBeGreaterThan(8 * big.length);
  // Of a sample, the image and the ignore mask are checked before either is written; the picture before may be on its way to the disk.
  expect(ahead).toBeLessThan(3.5 * big.length);
});
