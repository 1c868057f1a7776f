/** Photographs in exports: which, on which side of the split, within which limits, and what becomes of damaged ones. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { openLocalStore } from '../../src/artifacts/localStore.js';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { readConfig } from '../../src/config.js';
import { admitExport } from '../../src/exports/admitExport.js';
import type { ExportInput } from '../../src/exports/resolveExport.js';
import { writeArchive } from '../../src/exports/writeArchive.js';
import type { SampleConditions } from '../../src/generations/samples/sampleConditions.js';
import type { Storage } from '../../src/storage/database.js';
import { openStorage } from '../../src/storage/open.js';
import type { ExportRow } from '../../src/storage/tables.js';
import { references, samples } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { ensureTenant } from '../../src/tenants/provisioning.js';
import { databaseOf } from '../support/database.js';
import { putPhotograph, putPhotographs } from '../support/exportedPhotographs.js';
import { fixedId, putSampleSet } from '../support/sampleSet.js';
import type { Json } from '../support/server.js';
import { newDataDirectory } from '../support/server.js';
import type { ZipEntry } from '../support/zip.js';
import { entriesIn, textIn } from '../support/zip.js';

/** No product but one has it. */
const SCRATCH = { defectCode: 'Schramme/1' };
const OWN = { own: true };
const BOTH = { own: true, ofOtherProducts: true };

let storage: Storage;
let store: ArtifactStore;
let scope: TenantScope;

beforeAll(async () => {
  const directory = newDataDirectory();
  storage = await openStorage(await databaseOf(directory));
  store = await openLocalStore(join(directory, 'artifacts'));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'exports'));
  await putSampleSet(scope, store);
  await putPhotographs(scope, store);
});
afterAll(() => storage.close());

const accept = (input: ExportInput, conditions: SampleConditions = {}, limits: object = {}): Promise<ExportRow> =>
  admitExport(scope, { ...readConfig({}).limits, ...limits }, input, conditions);

async function write(row: ExportRow, from: ArtifactStore = store) {
  const file = join(store.temporary, row.id);
  const signal = new AbortController().signal;
  const parts = {
    scope,
    row,
    store: from,
    version: '',
    licenceOf: () => undefined,
    signal,
    onProgress: () => undefined,
  };
  const { photographs, skipped } = await writeArchive(parts, file);
  const entries = entriesIn(readFileSync(file));
  await rm(file);
  return { entries, photographs, skipped, manifest: manifestOf(entries) };
}

const manifestOf = (entries: ZipEntry[]): Json => JSON.parse(textIn(entries, 'manifest.json'));
const numbersOf = ({ photographs }: Json): number[] =>
  photographs.map(({ referenceId }: Json) => parseInt(referenceId.slice(-12), 16));
const heldOutOf = ({ photographs }: Json): number[] =>
  numbersOf({ photographs: photographs.filter(({ heldOut }: Json) => heldOut) });

test.each([
  [OWN, [31, 33, 34]],
  [{ ofOtherProducts: true }, [35]],
  [BOTH, [31, 33, 34, 35]],
])(
  '%j: of the exported pairs, and of products without a sample; none that is archived',
  async (photographs, numbers) => {
    const row = await accept({ format: 'COCO', photographs });
    const { manifest } = await write(row);
    expect(numbersOf(manifest)).toEqual(numbers);
    expect(row.photographCount).toBe(numbers.length);
    expect(manifest.counts).toMatchObject({ samples: 6, photographs: numbers.length });
  },
);

test('with a filter, only its pairs are own; of others those with its defects, and all if no other product has them', async () => {
  const { manifest } = await write(await accept({ format: 'COCO', photographs: BOTH }, { defectCode: 'CRACK' }));
  expect(numbersOf(manifest)).toEqual([31, 35]);
  const { manifest: all } = await write(await accept({ format: 'COCO', photographs: BOTH }, SCRATCH));
  expect(numbersOf(all)).toEqual([34, 31, 32, 35]);
});

test('one photograph with two defects is one image with both, where the layout outlines them', async () => {
  const { entries } = await write(await accept({ format: 'COCO', heldOutFraction: 0, photographs: OWN }));
  const { images, annotations, categories } = JSON.parse(textIn(entries, 'annotations/instances_train.json'));
  const real = images.filter(({ origin }: Json) => origin === 'REAL');
  expect(real.map(({ file_name: name }: Json) => name)).toEqual(
    [31, 33].map((number) => `photograph_${fixedId(number)}.png`),
  );
  const codes = annotations
    .filter(({ image_id: id }: Json) => id === real[1].id)
    .map(({ category_id: id }: Json) => categories[id - 1].name);
  expect(new Set(codes)).toEqual(new Set(['good', 'Schramme/1']));
  const { entries: folders } = await write(await accept({ format: 'MVTEC_AD', photographs: OWN }));
  const names = folders.map(({ name }) => name).filter((name) => /\/test\/.*photograph/.test(name));
  expect(names.map((name) => name.split('/').at(-1))).toEqual(
    [31, 33, 34].map((number) => `photograph_${fixedId(number)}.png`),
  );
});

test('held out is a share of the pair, never what samples are made of, nor those of other products', async () => {
  for (let number = 100; number < 110; number++) await putPhotograph(scope, store, { number, product: 0, defect: 0 });
  for (let number = 110; number < 114; number++) await putPhotograph(scope, store, { number, product: 2, defect: 0 });
  const input = { format: 'YOLO_SEGMENTATION', photographs: BOTH, heldOutFraction: 0.5 } as const;
  const split = async (splitSeed: number) => (await write(await accept({ ...input, splitSeed }))).manifest;
  const first = heldOutOf(await split(1));
  expect(heldOutOf(await split(1))).toEqual(first);
  expect(heldOutOf(await split(2))).not.toEqual(first);
  expect(first.length).toBeGreaterThan(3);
  // The other pairs have one photograph each, which is needed for training.
  expect(first.every((number) => number === 31 || (number >= 100 && number < 110))).toBe(true);

  const own = samples.tenantId;
  const [held = 0] = first;
  await storage.database
    .update(samples)
    .set({ defectReferenceId: fixedId(held) })
    .where(eq(own, scope.tenantId));
  for (const seed of [1, 2, 3, 4]) expect(heldOutOf(await split(seed))).not.toContain(held);
  await storage.database.update(samples).set({ defectReferenceId: null }).where(eq(own, scope.tenantId));
  expect(heldOutOf((await write(await accept({ ...input, heldOutFraction: 0 }))).manifest)).toEqual([]);
  await storage.database.execute(sql`delete from export`);
  await storage.database.execute(sql`delete from reference where id >= ${fixedId(100)} and id < ${fixedId(114)}`);
});

test('none that matches, too many, too many bytes, and a class that the list lacks are refused', async () => {
  const input = { format: 'COCO', photographs: OWN } as const;
  await storage.database
    .update(references)
    .set({ archivedAt: new Date() })
    .where(eq(references.id, fixedId(31)));
  await expect(accept(input, { defectCode: 'CRACK' })).rejects.toThrow(
    'input.photographs: no defective photograph matches; upload one with defectCode and maskId, or leave them out',
  );
  await storage.database
    .update(references)
    .set({ archivedAt: null })
    .where(eq(references.id, fixedId(31)));
  // The samples of this defect are two, and the photographs of other products three.
  const others = { format: 'COCO', photographs: { ofOtherProducts: true } } as const;
  await expect(accept(others, SCRATCH, { samplesPerExport: 2 })).rejects.toThrow(
    'input.photographs: more than 2 photographs match, which is the most of one export',
  );
  const bytes = { photographBytesPerExport: 1024 };
  await expect(accept(input, {}, bytes)).rejects.toThrow(
    /^input.photographs: the 3 photographs that match have \S+ MiB with their masks, more than the 0.0 MiB of one export$/,
  );
  const tenant = { ...readConfig({}).limits.tenant, storedBytes: 100_000 };
  expect((await accept(input, {}, { tenant })).photographCount).toBe(3);
  await expect(accept({ ...others, classes: ['good', 'Schramme/1'] }, SCRATCH)).rejects.toThrow(
    'input.classes: lacks "CRACK", of which there are samples or photographs',
  );
});

test('a damaged photograph is left out and named, and so is one whose mask is damaged', async () => {
  const row = await accept({ format: 'COCO', photographs: BOTH });
  const [key] = await storage.database
    .select()
    .from(references)
    .where(eq(references.id, fixedId(31)));
  const { rows } = await storage.database.execute<{ artifact_key: string }>(
    sql`select artifact_key from region_mask where id = ${fixedId(54)}`,
  );
  const damaged: ArtifactStore = {
    ...store,
    async read(tenantId, name) {
      const bytes = await store.read(tenantId, name);
      return [key?.artifactKey, rows[0]?.artifact_key].includes(name) ? bytes.subarray(0, 60) : bytes;
    },
  };
  const { manifest, photographs, skipped, entries } = await write(row, damaged);
  expect(numbersOf(manifest)).toEqual([35]);
  expect([photographs, skipped]).toEqual([1, [31, 33, 34].map(fixedId)]);
  expect(manifest.skipped).toMatchObject(
    [31, 33, 34].map((number) => ({ referenceId: fixedId(number), reason: expect.stringMatching(/is damaged/) })),
  );
  expect(entries.filter(({ name }) => name.includes(fixedId(33)))).toEqual([]);
});
