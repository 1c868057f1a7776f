/** What is the same in all exports of a tenant: the numbers of classes, and the names of folders and files. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
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
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { ensureTenant } from '../../src/tenants/provisioning.js';
import { databaseOf } from '../support/database.js';
import { fixedId, putSampleSet } from '../support/sampleSet.js';
import { newDataDirectory } from '../support/server.js';
import { entriesIn, textIn } from '../support/zip.js';

let storage: Storage;
let store: ArtifactStore;
let scope: TenantScope;

beforeAll(async () => {
  const directory = newDataDirectory();
  storage = await openStorage(await databaseOf(directory));
  store = await openLocalStore(join(directory, 'artifacts'));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'exports'));
  await putSampleSet(scope, store);
});
afterAll(() => storage.close());

const accept = (input: ExportInput, conditions: SampleConditions = {}) =>
  admitExport(scope, readConfig({}).limits, input, conditions);

async function written(row: ExportRow) {
  const file = join(store.temporary, row.id);
  const signal = new AbortController().signal;
  const parts = { scope, row, store, version: '', licenceOf: () => undefined, signal, onProgress: () => undefined };
  await writeArchive(parts, file);
  const entries = entriesIn(readFileSync(file));
  await rm(file);
  return entries;
}

const namesIn = (entries: Awaited<ReturnType<typeof written>>) =>
  [...textIn(entries, 'data.yaml').matchAll(/^ {2}\d+: (.*)$/gm)].map(([, name = '']) => JSON.parse(name) as string);
const classesOfLabels = (entries: Awaited<ReturnType<typeof written>>) =>
  new Map(
    entries
      .filter(({ name }) => name.startsWith('labels/'))
      .map(({ name, content }) => [name.split('/').at(-1), content.toString().split(' ')[0]]),
  );

const YOLO = { format: 'YOLO_SEGMENTATION' } as const;

test('a defect keeps its number whatever else is exported, and new ones come after it', async () => {
  const first = await written(await accept(YOLO, { defectCode: 'good' }));
  expect(namesIn(first)).toEqual(['good']);
  const waiting = await accept(YOLO, { defectCode: 'good' });
  const all = await written(await accept(YOLO));
  expect(namesIn(all)).toEqual(['good', 'CRACK', 'Schramme/1']);
  const labels = classesOfLabels(all);
  for (const [name, number] of classesOfLabels(first)) expect(labels.get(name)).toBe(number);
  expect(classesOfLabels(first).size).toBe(2);
  // The list of an export is that of its acceptance, however often it is written.
  expect(namesIn(await written(waiting))).toEqual(['good']);

  const coco = await written(await accept({ format: 'COCO', heldOutFraction: 0 }, { defectCode: 'Schramme/1' }));
  const { categories, annotations } = JSON.parse(textIn(coco, 'annotations/instances_train.json'));
  expect(categories.map(({ id, name }: { id: number; name: string }) => [id, name])).toEqual([
    [1, 'good'],
    [2, 'CRACK'],
    [3, 'Schramme/1'],
  ]);
  expect(new Set(annotations.map((each: { category_id: number }) => each.category_id))).toEqual(new Set([3]));
});

test('the caller can give the list', async () => {
  const classes = ['other', 'Schramme/1', 'CRACK', 'good'];
  const entries = await written(await accept({ ...YOLO, classes }, { defectCode: 'CRACK' }));
  expect(namesIn(entries)).toEqual(classes);
  expect(new Set(classesOfLabels(entries).values())).toEqual(new Set(['2']));
});

test.each<[ExportInput, string]>([
  [{ format: 'COCO', classes: ['good'] }, 'input.classes: lacks "CRACK", "Schramme/1", of which there are samples'],
  [{ format: 'COCO', classes: ['CRACK', 'CRACK '] }, 'input.classes[1]: "CRACK" is already in the list'],
  [{ format: 'COCO', classes: ['CR\u200bACK'] }, 'has the character U+200B'],
  [{ format: 'COCO', classes: Array<string>(1001).fill('x') }, 'input.classes: has 1001 codes, more than 1000'],
  [{ format: 'MVTEC_AD', classes: ['CRACK'] }, 'input.classes: is for COCO and YOLO_SEGMENTATION'],
])('%j is refused', async (input, message) => {
  await expect(accept(input)).rejects.toThrow(message);
});

test('files of two exports never have one name, unless they are one file', async () => {
  const contents = new Map<string, string>();
  const sets: SampleConditions[] = [{ defectCode: 'CRACK' }, { defectCode: 'good' }, { defectCode: 'Schramme/1' }, {}];
  let pictures = 0;
  for (const conditions of sets) {
    const entries = await written(await accept({ format: 'MVTEC_AD', heldOutFraction: 0 }, conditions));
    for (const { name, content } of entries.filter((entry) => entry.name.endsWith('.png'))) {
      const bytes = content.toString('base64');
      expect(contents.get(name) ?? bytes).toBe(bytes);
      contents.set(name, bytes);
      pictures++;
    }
  }
  // The last export has all that the others have, under the same names.
  expect(contents.size * 2).toBe(pictures);
});

test('folders of codes that differ little stay apart over exports, and the first keeps its name', async () => {
  const number = (n: number) => fixedId(500 + n);
  const folders = [];
  for (const [i, partNumber] of ['9 A', '9_A', '9_a'].entries()) {
    await storage.database.execute(sql`insert into product (id, tenant_id, part_number, name, prompt_name, created_at)
      values (${number(i)}, ${scope.tenantId}, ${partNumber}, 'x', 'tile', now())`);
    await storage.database.execute(sql`update sample set product_id = ${number(i)}`);
    const entries = await written(await accept({ format: 'MVTEC_AD' }, { partNumber }));
    folders.push(entries.find(({ name }) => name.includes('/test/'))?.name.split('/')[0]);
  }
  expect(folders).toEqual([
    '9_A',
    expect.stringMatching(/^9_A-[0-9a-f]{12}$/),
    expect.stringMatching(/^9_a-[0-9a-f]+$/),
  ]);
  expect(folders[1]?.toLowerCase()).not.toBe(folders[2]?.toLowerCase());
});
