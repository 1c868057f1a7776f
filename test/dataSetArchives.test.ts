/** Archives of photographs: one becomes a version of a data set with all its photographs, or leaves nothing behind. */
import { readFileSync, readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { openStorage } from '../src/storage/open.js';
import { artifacts, pendingFiles, references, regionMasks } from '../src/storage/tables.js';
import { databaseOf } from './support/database.js';
import { createUpload, put, storedBy, storedFiles } from './support/uploads.js';
import {
  ARCHIVE,
  dataSetOf,
  importProduct,
  membersOf,
  sendArchive,
  sendGood,
  testedIn,
  tileEntries,
} from './support/dataSets.js';
import { bytesAt } from './support/generations.js';
import { zipOf } from './support/models.js';
import { photograph } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { until } from './support/until.js';

const COOKIE = 'examples/cookie/data';

let server: Server;
beforeAll(async () => {
  server = await startServer({
    MAX_UPLOAD_BYTES: '200000',
    MAX_ARCHIVE_BYTES: '8000000',
    MAX_ARCHIVE_PHOTOGRAPHS: '64',
  });
  await importProduct(server, 'BISCUIT 7', 'cookie', 'BRK', 'broken');
});

function cookies(): Record<string, Buffer> {
  const names = readdirSync(COOKIE, { recursive: true, encoding: 'utf8', withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((path) => [`cookies/${path.slice(COOKIE.length + 1)}`, readFileSync(path)]));
}

test('the photographs of the example become a data set, in the split of its manifest', async () => {
  const archive = await zipOf({ ...cookies(), '__MACOSX/cookies/._x.png': 'x', 'cookies/.DS_Store': 'x' });
  const { id, url, maximumBytes } = await createUpload(server, ARCHIVE);
  expect(maximumBytes).toBe(8_000_000);
  const first = await put(url, archive);
  const made = await dataSetOf(server, id);
  expect(first).toEqual({ status: 201, body: { dataSet: { id: made.id, name: 'packed', version: 1 } } });
  expect(made.counts).toMatchObject({ goodPhotographs: 31, defectivePhotographs: 32, samples: 0 });
  expect([made.testShare, made.splitSeed]).toEqual([null, null]);
  for (const { product, defect } of membersOf(made))
    expect([product.partNumber, defect?.code ?? 'BRK']).toEqual(['BISCUIT 7', 'BRK']);

  const query = `query ($id: ID!) { dataSet(id: $id) { members(first: 100) { edges { node { split reference {
    name image { url } mask { image { url } } } } } } } }`;
  const { edges } = (await server.data(query, { id: made.id })).dataSet.members;
  const manifest = readFileSync(join(COOKIE, 'manifest.csv'), 'utf8').trim().split('\n').slice(1);
  const found = edges.map(({ node }: Json) => `${String(node.reference.name)},${String(node.split).toLowerCase()}`);
  expect(found.sort()).toEqual(manifest.sort());
  const { node } = edges.find(({ node: { reference } }: Json) => reference.name === 'cookie/test/broken/001.jpg');
  const raw = (image: Buffer) => sharp(image).raw().toBuffer();
  const grey = (image: Buffer) => sharp(image).extractChannel(0).raw().toBuffer();
  const packed = (name: string) => readFileSync(join(COOKIE, 'cookie', name));
  const { image, mask } = node.reference;
  expect((await raw(await bytesAt(image.url))).equals(await raw(packed('test/broken/001.jpg')))).toBe(true);
  const shape = await grey(packed('ground_truth/broken/001_mask.png'));
  expect((await grey(await bytesAt(mask.image.url))).equals(shape)).toBe(true);

  const files = storedFiles(server);
  expect(await put(url, archive)).toEqual(first);
  expect((await put(url, await zipOf(await tileEntries()))).body.errors[0].extensions.code).toBe('UPLOAD_CONFLICT');
  const second = await sendArchive(server, archive);
  expect(second.dataSet.version).toBe(2);
  const references = (dataSet: Json) => membersOf(dataSet).map(({ reference }) => reference.id);
  expect(references(second.dataSet)).toEqual(references(made));
  expect(storedFiles(server)).toEqual(files);
});

test('without a manifest a share is for testing; the folder of the data set need not be packed with it', async () => {
  const { dataSet } = await sendArchive(server, await zipOf(await tileEntries()), { name: 'tiles' });
  expect(dataSet).toMatchObject({ name: 'tiles', version: 1, testShare: 0.3, splitSeed: 0 });
  expect(dataSet.counts).toMatchObject({ goodPhotographs: 3, defectivePhotographs: 2, test: 2 });
  expect(testedIn(dataSet)).toHaveLength(2);
});

test("an archived photograph is restored where it is in the archive, and another product's with the same pixels is not", async () => {
  const [mine, theirs] = [await sendGood(server, 77), await sendGood(server, 77, 'METAL_NUT')];
  const archive = 'mutation ($id: ID!) { archiveReference(id: $id) { id } }';
  for (const id of [mine, theirs]) await server.data(archive, { id });
  const file = (seed: number) => photograph(seed).png().toBuffer();
  const entries = { 'tile/train/good/a.png': await file(77), 'metal nut/train/good/b.png': await file(78) };
  const { status, dataSet } = await sendArchive(server, await zipOf(entries));
  expect([status, dataSet.counts.goodPhotographs]).toEqual([201, 2]);
  const archivedAt = async (id: string) =>
    (await server.data('query ($id: ID!) { reference(id: $id) { archivedAt } }', { id })).reference.archivedAt;
  expect(await archivedAt(mine)).toBeNull();
  expect(await archivedAt(theirs)).not.toBeNull();
});

describe('while an archive is imported', () => {
  const COUNT = 30;
  /** Many photographs that nobody has, so that it takes a while. */
  const noise = async (): Promise<Buffer> => {
    const gaussian = { type: 'gaussian', mean: 128, sigma: 40 } as const;
    const create = { width: 300, height: 200, channels: 3, background: 'gray', noise: gaussian } as const;
    const entries: Record<string, Buffer> = {};
    for (let i = 0; i < COUNT; i++)
      entries[`tile/train/good/${String(i)}.webp`] = await sharp({ create }).webp({ quality: 60 }).toBuffer();
    return zipOf(entries);
  };
  const pictures = (of: Server): number => storedFiles(of).filter((name) => name.endsWith('.png')).length;

  /** Sends what is given of an archive. */
  const begin = (url: string, length: number, bytes: Buffer): Socket => {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    const head = `PUT ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${String(length)}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), bytes]));
    return socket;
  };

  test('a client that hangs up finds the data set later', async () => {
    const before = pictures(server);
    const { id, url } = await createUpload(server, { ...ARCHIVE, name: 'patient' });
    const archive = await noise();
    const socket = begin(url as string, archive.length, archive);
    await until(() => pictures(server) > before);
    socket.destroy();
    const made = await until(async () => (await dataSetOf(server, id as string)) as Json);
    expect(made.counts.goodPhotographs).toBe(COUNT);
  });

  test('another one of the tenant waits, and a third is refused', async () => {
    const { url } = await createUpload(server, ARCHIVE);
    const slow = begin(url as string, 1000, Buffer.from('PK'));
    await until(() => storedFiles(server).some((name) => name.endsWith('.upload')));
    const archive = await zipOf(await tileEntries());
    const others = [sendArchive(server, archive, { name: 'next' }), sendArchive(server, archive, { name: 'next' })];
    const { status, body } = await Promise.race(others);
    expect([status, body.errors[0].extensions.code]).toEqual([429, 'RATE_LIMITED']);
    slow.destroy();
    expect((await Promise.all(others)).map((one) => one.status).sort()).toEqual([201, 429]);
  });

  test('a kill leaves nothing that anybody sees, and the same bytes can be sent again', async () => {
    const dataDirectory = newDataDirectory();
    const first = await startServer({ DATA_DIR: dataDirectory });
    const { id, url } = await createUpload(first, ARCHIVE);
    const archive = await noise();
    const sent = put(url as string, archive).catch(() => undefined);
    await until(() => pictures(first) > 3);
    await first.kill();
    await sent;
    const second = await startServer({ DATA_DIR: dataDirectory });
    const { references } = await storedBy(second);
    expect(references).toEqual([]);
    expect((await second.data('{ dataSets { edges { node { id } } } }')).dataSets.edges).toEqual([]);
    const { upload } = await second.data(`{ upload(id: "${id as string}") { url } }`);
    const { status, body } = await put(upload.url as string, archive);
    expect([status, body.dataSet.version]).toEqual([201, 1]);
    await second.stop();
    const { database, close } = await openStorage(await databaseOf(dataDirectory));
    const rows = await database.select().from(artifacts);
    const pending = await database.select().from(pendingFiles);
    await close();
    expect(rows).toHaveLength(COUNT);
    // What was written before the kill is known, and goes with a later sweep.
    const stored = storedFiles(second).map((name) => name.split('/').at(-1) ?? '');
    // On PostgreSQL, the folder of incoming files of the killed process goes with a later sweep, too.
    const names = stored.filter((name) => !name.endsWith('.upload'));
    expect(names.sort()).toEqual(
      [...rows, ...pending]
        .map(({ key }) => key)
        .filter((key) => names.includes(key))
        .sort(),
    );
    expect(pending.length).toBeGreaterThan(3);
  });
});

test('every file has its row at the end', async () => {
  expect(server.output()).not.toContain('"level":"error"');
  await server.stop();
  const { database, close } = await openStorage(await databaseOf(server.dataDirectory));
  const keys = (await database.select().from(artifacts)).map(({ key }) => key);
  const kept = [...(await database.select().from(references)), ...(await database.select().from(regionMasks))];
  const pending = await database.select().from(pendingFiles);
  await close();
  expect(
    storedFiles(server)
      .map((name) => name.split('/').at(-1))
      .sort(),
  ).toEqual([...keys].sort());
  expect(kept.map(({ artifactKey }) => artifactKey).sort()).toEqual([...keys].sort());
  expect(pending).toEqual([]);
});
