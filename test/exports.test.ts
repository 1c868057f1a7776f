/** Exports as callers see them, from the real server. What is in an archive: test/exports/archive.test.ts. */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { openStorage } from '../src/storage/open.js';
import { addKey, ensureTenant } from '../src/tenants/provisioning.js';
import { EXPORT, exportDataset, exportEnded, exportWhen, fetchExport } from './support/exports.js';
import { QUICK, bytesAt, finished, generate, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { databaseOf, onPgliteOnly } from './support/database.js';
import { newDataDirectory, startServer } from './support/server.js';
import { storedFiles } from './support/uploads.js';
import { entriesIn, textIn } from './support/zip.js';

const OTHER = 'the-key-of-another-tenant';
const NOTHING = '00000000-0000-7000-8000-000000000000';

let server: Server;
let generationId: string;
let samples: Json[];

beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  const storage = await openStorage(await databaseOf(dataDirectory));
  await addKey(storage.database, await ensureTenant(storage.database, 'other'), OTHER, 'CONFIGURED');
  await storage.close();
  server = await startServer({ DATA_DIR: dataDirectory, MAX_EXPORT_SAMPLES: '20' });
  const { id } = await generate(server, {
    ...QUICK,
    count: 4,
    twin: true,
    quality: { minimumVisibility: 0, minimumAgreement: 0 },
  });
  generationId = id;
  samples = samplesIn(await finished(server, id));
  expect(samples.every(({ areaFraction }) => areaFraction > 0)).toBe(true);
});

async function archiveOf(input: object): Promise<Buffer> {
  const { id, sampleCount } = await exportDataset(server, input);
  const done = await exportEnded(server, id);
  expect(done).toMatchObject({ status: 'SUCCEEDED', error: null, progress: { samplesDone: sampleCount, fraction: 1 } });
  const bytes = await bytesAt(done.archive.url);
  expect(bytes.length).toBe(done.archive.bytes);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(done.archive.sha256);
  return bytes;
}

test('as MVTec AD: each sample and its mask as they were drawn, and the twins are the good ones', async () => {
  const entries = entriesIn(await archiveOf({ format: 'MVTEC_AD', heldOutFraction: 0.25 }));
  const content = new Map(entries.map((entry) => [entry.name, entry.content]));
  for (const { id, image, mask } of samples) {
    expect(content.get(`TILE/test/CRACK/${id}.png`)).toEqual(await bytesAt(image.url));
    expect(content.get(`TILE/ground_truth/CRACK/${id}_mask.png`)).toEqual(await bytesAt(mask.url));
  }
  const good = entries.filter(({ name }) => name.includes('/good/')).map(({ name }) => name.split('/')[1]);
  expect(good.sort()).toEqual(['test', 'train', 'train', 'train']);
});

test('as COCO: the annotations of a picture are the regions of its mask', async () => {
  const entries = entriesIn(await archiveOf({ format: 'COCO', heldOutFraction: 0, cocoSegmentation: 'RLE' }));
  const { images, annotations, categories } = JSON.parse(textIn(entries, 'annotations/instances_train.json'));
  expect(categories).toEqual([{ id: 1, name: 'CRACK', supercategory: 'defect' }]);
  for (const [i, { boundingBoxes }] of samples.entries()) {
    const own = annotations.filter((each: Json) => each.image_id === images[i].id);
    expect(own.map(({ bbox }: Json) => bbox)).toEqual(
      boundingBoxes.map(({ x, y, width, height }: Json) => [x, y, width, height]),
    );
  }
});

test('as YOLO: an outline per region, in the halves that data.yaml names', async () => {
  const entries = entriesIn(await archiveOf({ format: 'YOLO_SEGMENTATION', heldOutFraction: 0.5 }));
  expect(textIn(entries, 'data.yaml')).toBe('train: images/train\nval: images/val\nnc: 1\nnames:\n  0: "CRACK"\n');
  for (const half of ['train', 'val']) {
    const labels = entries.filter(({ name }) => name.startsWith(`labels/${half}/`));
    expect(labels).toHaveLength(2);
    for (const { name } of labels) {
      expect(textIn(entries, name.replace('labels', 'images').replace('txt', 'png'))).not.toBe('');
      expect(textIn(entries, name)).toMatch(/^(0( (0|1|0\.\d+)){6,}\n)+$/);
    }
  }
});

test('the manifest says which request made each sample, and under which licence', async () => {
  const entries = entriesIn(await archiveOf({ format: 'COCO' }));
  const manifest = JSON.parse(textIn(entries, 'manifest.json'));
  expect(manifest.samples.map(({ id, seed }: Json) => [id, seed])).toEqual(samples.map(({ id, seed }) => [id, seed]));
  expect(manifest.generations[0].request).toMatchObject({ count: 4, steps: 2, twin: true, model: 'tiny@1.0.0' });
  expect(manifest.models[0]).toMatchObject({ model: 'tiny@1.0.0', license: { id: 'Apache-2.0', sources: [] } });
});

test('a filter chooses; one that nothing matches, and one that too much matches, are refused', async () => {
  const one = { format: 'COCO', filter: { generationId: NOTHING } };
  expect(await server.error(EXPORT, { input: one })).toMatchObject({
    message: 'input.filter: no sample with a defect matches, so there is nothing to export',
    extensions: { code: 'BAD_USER_INPUT', field: 'input.filter' },
  });
  const { sampleCount } = await exportDataset(server, { format: 'COCO', filter: { partNumber: 'TILE' } });
  expect(sampleCount).toBe(4);
  const small = await startServer({ DATA_DIR: newDataDirectory(), MAX_EXPORT_SAMPLES: '1' });
  await finished(small, (await generate(small, { ...QUICK, count: 2 })).id);
  expect((await small.error(EXPORT, { input: { format: 'COCO' } })).message).toBe(
    'input.filter: more than 1 samples match, which is the most of one export',
  );
});

test.each([
  [{ format: 'COCO', heldOutFraction: 0.95 }, 'input.heldOutFraction: 0.95 is out of range 0 … 0.9'],
  [{ format: 'COCO', splitSeed: -1 }, 'input.splitSeed: -1 is out of range 0 … 2147483647'],
  [
    { format: 'MVTEC_AD', cocoSegmentation: 'RLE' },
    'input.cocoSegmentation: is for format COCO, but the format is MVTEC_AD',
  ],
])('%j is refused', async (input, message) => {
  expect(await server.error(EXPORT, { input })).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
});

test('the same key with the same input is the same export, with other input an error', async () => {
  const input = { format: 'COCO', idempotencyKey: 'nightly', filter: { createdAfter: '2020-01-01T00:00:00Z' } };
  const first = await exportDataset(server, input);
  expect((await exportDataset(server, { ...input, normals: null })).id).toBe(first.id);
  const later = { ...input, filter: { createdAfter: '2020-01-02T00:00:00Z' } };
  expect((await server.error(EXPORT, { input: later })).extensions).toMatchObject({
    code: 'IDEMPOTENCY_CONFLICT',
    exportId: first.id,
  });
  const of = (partNumber: string) =>
    exportDataset(server, { format: 'COCO', idempotencyKey: 'of one product', filter: { partNumber } });
  expect((await of(QUICK.partNumber)).id).toBe((await of(`${QUICK.partNumber}\u00a0`)).id);
});

test('a download that broke off goes on where it was, and only with the same file', async () => {
  const { id } = await exportDataset(server, { format: 'MVTEC_AD' });
  const { archive } = await exportEnded(server, id);
  const whole = await fetch(archive.url);
  const bytes = Buffer.from(await whole.arrayBuffer());
  const etag = whole.headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[^"]+"$/);
  expect(whole.headers.get('accept-ranges')).toBe('bytes');
  expect(whole.headers.get('content-type')).toBe('application/zip');
  expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="defectdiffu-[0-9a-f]{8}\.zip"$/);

  const rest = await fetch(archive.url, { headers: { range: 'bytes=1000-', 'if-range': etag } });
  expect([rest.status, rest.headers.get('content-range')]).toEqual([
    206,
    `bytes 1000-${String(bytes.length - 1)}/${String(bytes.length)}`,
  ]);
  expect(Buffer.from(await rest.arrayBuffer())).toEqual(bytes.subarray(1000));
  const middle = await fetch(archive.url, { headers: { range: 'bytes=500-599' } });
  expect(Buffer.from(await middle.arrayBuffer())).toEqual(bytes.subarray(500, 600));
  const other = await fetch(archive.url, { headers: { range: 'bytes=1000-', 'if-range': '"another file"' } });
  expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, bytes.length]);
  const beyond = await fetch(archive.url, { headers: { range: `bytes=${String(bytes.length)}-` } });
  expect(beyond.status).toBe(416);
});

test("another tenant's export is not there, is in no list, and its URL opens nothing else", async () => {
  const { id } = await exportDataset(server, { format: 'COCO', idempotencyKey: 'mine' });
  const { archive } = await exportEnded(server, id);
  expect(await fetchExport(server, id, OTHER)).toBeNull();
  expect((await server.data('{ exports { edges { node { id } } } }', {}, OTHER)).exports.edges).toEqual([]);
  // Their samples are none, ours not among them; and a key of ours means nothing to them.
  const theirs = { format: 'COCO', filter: { generationId: generationId } };
  expect((await server.error(EXPORT, { input: theirs }, OTHER)).extensions.code).toBe('BAD_USER_INPUT');
  const mine = { format: 'COCO', idempotencyKey: 'mine' };
  expect((await server.error(EXPORT, { input: mine }, OTHER)).extensions.code).toBe('BAD_USER_INPUT');

  const url = new URL(archive.url);
  const [, , tenant] = url.pathname.split('/');
  const forged = [
    archive.url.replace(tenant, NOTHING),
    archive.url.replace(/[0-9a-f]{48}/, '0'.repeat(48)),
    archive.url.replace('.zip', '.png'),
    `${url.origin}${url.pathname}`,
  ];
  for (const each of forged) expect((await fetch(each)).status).toBe(403);
});

test('exports are listed, the newest first, in pages', async () => {
  const made = [];
  for (let i = 0; i < 3; i++) made.unshift((await exportDataset(server, { format: 'COCO', splitSeed: i })).id);
  const query =
    'query ($after: String) { exports(first: 2, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }';
  const first = (await server.data(query)).exports;
  const second = (await server.data(query, { after: first.pageInfo.endCursor })).exports;
  expect(first.pageInfo.hasNextPage).toBe(true);
  expect([...first.edges, ...second.edges].slice(0, 3).map(({ node }: Json) => node.id)).toEqual(made);
  expect(await fetchExport(server, 'no id at all')).toBeNull();
  for (const id of made) await exportEnded(server, id);
});

// With a PostgreSQL other processes may share the folder, so what a killed one left in it goes a day later.
onPgliteOnly(
  'killed in the middle again and again, an export is finished after the restart, and nothing half is left',
  async () => {
    const dataDirectory = newDataDirectory();
    let crashing = await startServer({ DATA_DIR: dataDirectory });
    await finished(crashing, (await generate(crashing, { ...QUICK, count: 4 })).id);
    await crashing.stop();
    await multiplySamples(dataDirectory, 500);

    crashing = await startServer({ DATA_DIR: dataDirectory });
    const before = storedFiles(crashing).length;
    const { id, sampleCount } = await exportDataset(crashing, { format: 'MVTEC_AD' });
    expect(sampleCount).toBe(2000);
    for (let kill = 0; kill < 2; kill++) {
      await exportWhen(crashing, id, ({ progress }) => progress.samplesDone > 0);
      expect(await fetchExport(crashing, id)).toMatchObject({ status: 'RUNNING', archive: null });
      await crashing.kill();
      crashing = await startServer({ DATA_DIR: dataDirectory });
    }
    const done = await exportEnded(crashing, id);
    expect(done).toMatchObject({ status: 'SUCCEEDED', sampleCount: 2000 });
    const entries = entriesIn(await bytesAt(done.archive.url));
    expect(entries.filter(({ name }) => name.includes('/CRACK/'))).toHaveLength(4000);
    // The archive; of what was under way when it was killed, nothing, in `tmp` either.
    expect(storedFiles(crashing)).toHaveLength(before + 1);
  },
);

test('an orderly end hands an export back, in time, and the attempt does not count', async () => {
  const dataDirectory = newDataDirectory();
  const first = await startServer({ DATA_DIR: dataDirectory });
  await finished(first, (await generate(first, { ...QUICK, count: 4 })).id);
  await first.stop();
  await multiplySamples(dataDirectory, 500);
  const second = await startServer({ DATA_DIR: dataDirectory });
  const { id } = await exportDataset(second, { format: 'COCO' });
  await exportWhen(second, id, ({ progress }) => progress.samplesDone > 0);
  expect(await second.stop()).toBe(0);
  const storage = await openStorage(await databaseOf(dataDirectory));
  const { rows } = await storage.database.execute(sql`select status, attempts, lease_owner from export`);
  await storage.close();
  expect(rows).toEqual([{ status: 'RUNNING', attempts: 0, lease_owner: null }]);
  const third = await startServer({ DATA_DIR: dataDirectory });
  expect((await exportEnded(third, id)).status).toBe('SUCCEEDED');
});

/** While no server runs: each sample becomes so many, with the same files. */
async function multiplySamples(dataDirectory: string, times: number): Promise<void> {
  const storage = await openStorage(await databaseOf(dataDirectory));
  await storage.database.execute(sql`
    insert into sample (id, tenant_id, generation_id, product_id, defect_id, index, seed, strength, area_fraction,
                        bounding_boxes, image_key, mask_key, overlay_key, created_at)
    select gen_random_uuid(), tenant_id, generation_id, product_id, defect_id, index + 4 * n, seed + 4 * n, strength,
           area_fraction, bounding_boxes, image_key, mask_key, overlay_key, created_at
    from sample, generate_series(1, ${times - 1}::int) as n
  `);
  await storage.close();
}
