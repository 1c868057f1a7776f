/** Thumbnails: made once, made again when lost, gone with their image, and for nobody else. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { openLocalStore } from '../src/artifacts/localStore.js';
import { storagePath } from '../src/artifacts/store.js';
import { isThumbnail, removeWithThumbnails } from '../src/artifacts/thumbnails.js';
import { QUICK, bytesAt, finished, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, newDataDirectory, startServer } from './support/server.js';
import { giveCatalog, newTenant } from './support/stranger.js';
import { send } from './support/uploads.js';

const FIELDS = 'url thumbnailUrl small: thumbnailUrl(size: SMALL) large: thumbnailUrl(size: LARGE)';
const SIDES = { small: 128, thumbnailUrl: 256, large: 512 };

let server: Server;
let stranger: string;
let sample: Json;

beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  stranger = await newTenant(dataDirectory, 'stranger');
  await giveCatalog(dataDirectory);
  server = await startServer({ DATA_DIR: dataDirectory });
  await finished(server, (await generate(server, QUICK)).id);
  const { samples } = await server.data(
    `{ samples { edges { node { image { ${FIELDS} width } mask { ${FIELDS} } overlay { ${FIELDS} } } } } }`,
  );
  sample = samples.edges[0].node;
});

/** Where the store keeps the file of a URL. */
function fileOf(url: string): string {
  const [, , tenant = '', key = ''] = new URL(url).pathname.split('/');
  return join(server.dataDirectory, 'artifacts', storagePath(tenant, key) ?? '');
}

test('a sample smaller than its thumbnails keeps its size', async () => {
  const { width, format } = await sharp(await bytesAt(sample.image.thumbnailUrl)).metadata();
  expect([width, format]).toEqual([sample.image.width, 'webp']);
});

test('a large photograph is shrunk to each size, in its proportions', async () => {
  const photograph = await sharp({ create: { width: 1200, height: 600, channels: 3, background: '#c42' } }).png().toBuffer(); // prettier-ignore
  const { id } = await send(server, photograph);
  const { reference } = await server.data(`query ($id: ID!) { reference(id: $id) { image { ${FIELDS} } } }`, { id });
  for (const [name, side] of Object.entries(SIDES)) {
    const { width, height } = await sharp(await bytesAt(reference.image[name])).metadata();
    expect([name, width, height]).toEqual([name, side, side / 2]);
  }
});

test('it says that the image is synthetic, as the image does', async () => {
  const { xmp } = await sharp(await bytesAt(sample.image.thumbnailUrl)).metadata();
  expect(String(xmp)).toContain('DigitalSourceType');
});

test('the thumbnail of a mask is black and white', async () => {
  const pixels = await sharp(await bytesAt(sample.mask.thumbnailUrl)).raw().toBuffer(); // prettier-ignore
  expect([...new Set(pixels)].every((value) => value === 0 || value === 255)).toBe(true);
});

test('a browser may keep it as long as the URL is valid', async () => {
  const response = await fetch(sample.image.thumbnailUrl);
  expect(response.headers.get('content-type')).toBe('image/webp');
  expect(response.headers.get('cache-control')).toMatch(/^private, immutable, max-age=\d+$/);
});

test('it is kept beside its image, and a lost one is made again', async () => {
  const url = sample.overlay.thumbnailUrl as string;
  const [first, second] = await Promise.all([bytesAt(url), bytesAt(url)]);
  expect(first).toEqual(second);
  expect(readFileSync(fileOf(url))).toEqual(first);
  rmSync(fileOf(url));
  expect(await bytesAt(url)).toEqual(first);
  expect(existsSync(fileOf(url))).toBe(true);
});

test('it goes with its image', async () => {
  const { url, small, large } = sample.image;
  for (const one of [small, large]) await bytesAt(one);
  const [, , tenant = '', key = ''] = new URL(url as string).pathname.split('/');
  const store = await openLocalStore(join(server.dataDirectory, 'artifacts'), false);
  await removeWithThumbnails(store, tenant, key);
  expect([url, small, large].map((one: string) => existsSync(fileOf(one)))).toEqual([false, false, false]);
  expect((await fetch(small as string)).status).toBe(404);
});

test('there is none of another size, also for a key of the tenant', async () => {
  const url = new URL((sample.mask.small as string).replace('-128.webp', '-129.webp'));
  const key = url.pathname.split('/').at(-1) ?? '';
  expect([key, key.replace('-129', '-128')].map(isThumbnail)).toEqual([false, true]);
  expect((await fetch(url)).status).toBe(403);
  url.search = '';
  expect((await fetch(url, { headers: { authorization: `Bearer ${TEST_KEY}` } })).status).toBe(404);
});

test("a stranger's key does not open it, and a changed signature opens nothing", async () => {
  const url = new URL(sample.mask.small as string);
  const changed = new URL(url.href.replace('-128.webp', '-512.webp'));
  expect((await fetch(changed)).status).toBe(403);
  url.search = '';
  expect((await fetch(url, { headers: { authorization: `Bearer ${stranger}` } })).status).toBe(404);
});
