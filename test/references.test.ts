/** Customers' photographs and masks: what becomes of them, and how they are listed and archived. */
import sharp from 'sharp';
import { bytesAt } from './support/generations.js';
import { bmp, grey, photograph, pixelsOf, plain } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { MASK, PHOTOGRAPH, createUpload, put, send, referencesOf, storedBy, storedFiles } from './support/uploads.js';
import { expectStoredConsistently } from './support/storedConsistently.js';

const ARCHIVE = 'mutation ($id: ID!) { archiveReference(id: $id) { id archivedAt } }';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

/** What is stored of an uploaded file. */
async function storedAs(file: Buffer, input?: object) {
  const kept = await send(server, file, input);
  const png = await bytesAt(kept.image.url);
  return { kept, png, pixels: await pixelsOf(png) };
}

describe('a photograph is stored as an 8-bit sRGB PNG without metadata', () => {
  test('turned upright as its EXIF orientation says', async () => {
    const blue = await plain('blue').resize(32, 48).png().toBuffer();
    const halves = plain('red').composite([{ input: blue, left: 32, top: 0 }]);
    const { kept, png, pixels } = await storedAs(await halves.withMetadata({ orientation: 6 }).jpeg().toBuffer());
    expect(kept).toMatchObject({ width: 48, height: 64, image: { contentType: 'image/png', width: 48, height: 64 } });
    const [redTop, , blueTop] = pixels.at(24, 4);
    const [redBottom, , blueBottom] = pixels.at(24, 60);
    expect([redTop, blueBottom].every((value) => (value ?? 0) > 240)).toBe(true);
    expect([blueTop, redBottom].every((value) => (value ?? 255) < 15)).toBe(true);
    const { format, exif, icc, xmp, orientation, depth, channels } = await sharp(png).metadata();
    expect({ format, exif, icc, xmp, orientation, depth, channels }).toEqual({
      format: 'png',
      depth: 'uchar',
      channels: 3,
    });
  });

  test('with 16 bits scaled to 8, not clipped, and grey as RGB', async () => {
    const values = Uint16Array.from({ length: 64 * 48 }, (_, i) => i * 21);
    const raw = { width: 64, height: 48, channels: 1 } as const;
    const { pixels } = await storedAs(await sharp(values, { raw }).toColourspace('grey16').png().toBuffer());
    expect(pixels.channels).toBe(3);
    for (const i of [0, 500, 1500, 3071]) {
      for (const value of pixels.at(i % 64, Math.floor(i / 64))) {
        expect(Math.abs(value - (i * 21) / 257)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('with the colours that its profile means', async () => {
    const red = await plain('red').withIccProfile('p3').png().toBuffer();
    expect((await pixelsOf(red)).at(0, 0)[0]).toBe(234); // sRGB's red in Display P3
    const [r = 0, g = 255, b = 255] = (await storedAs(red)).pixels.at(0, 0);
    expect([r > 252, g < 4, b < 4]).toEqual([true, true, true]);
  });

  test('with CMYK converted', async () => {
    const file = await plain('#3366cc').toColourspace('cmyk').jpeg().toBuffer();
    expect((await sharp(file).metadata()).space).toBe('cmyk');
    const [r = 0, g = 0, b = 0] = (await storedAs(file)).pixels.at(10, 10);
    expect(Math.max(Math.abs(r - 0x33), Math.abs(g - 0x66), Math.abs(b - 0xcc))).toBeLessThan(40);
  });

  test('from BMP, whose lowest line comes first, and with the colours of a 16-bit profile', async () => {
    const { kept, pixels } = await storedAs(bmp(40, 33));
    expect([kept.width, kept.height, pixels.channels]).toEqual([40, 33, 3]);
    expect([pixels.at(0, 32), pixels.at(1, 32), pixels.at(0, 0)]).toEqual([
      [2, 1, 0],
      [5, 4, 3],
      [34, 33, 32],
    ]);
    const deep = await plain('red').toColourspace('rgb16').withIccProfile('p3').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    const [r = 0, g = 255, b = 255] = (await storedAs(deep)).pixels.at(0, 0);
    expect([r > 252, g < 4, b < 4]).toEqual([true, true, true]);
  });

  test('without an alpha channel that says nothing', async () => {
    const { pixels } = await storedAs(await photograph(4).ensureAlpha(1).png().toBuffer());
    expect(pixels.channels).toBe(3);
    expect(pixels.data.equals(await photograph(4).raw().toBuffer())).toBe(true);
  });

  test.each(['webp', 'tiff'] as const)('from %s too', async (format) => {
    const { pixels } = await storedAs(await plain('#808080').toFormat(format).toBuffer());
    expect(Math.abs((pixels.at(5, 5)[0] ?? 0) - 128)).toBeLessThan(4);
  });
});

describe('the same photograph', () => {
  test('is one reference with one file, in whatever file it comes; the first name stays', async () => {
    const first = await send(server, await photograph(5).png().toBuffer(), { ...PHOTOGRAPH, name: 'first' });
    const before = await storedBy(server);
    const tiff = await photograph(5).tiff({ compression: 'lzw' }).toBuffer();
    const again = await send(server, tiff, { ...PHOTOGRAPH, name: 'second' });
    expect([again.id, again.name]).toEqual([first.id, 'first']);
    expect(await storedBy(server)).toEqual(before);
  });

  test('of another product is another reference', async () => {
    const file = await photograph(5).png().toBuffer();
    const nut = await send(server, file, { ...PHOTOGRAPH, partNumber: 'METAL_NUT' });
    expect(nut.product.partNumber).toBe('METAL_NUT');
    expect((await referencesOf(server)).map(({ id }) => id)).not.toContain(nut.id);
    expect((await referencesOf(server, '', 'METAL_NUT')).map(({ id }) => id)).toEqual([nut.id]);
  });

  test('in other proportions is another reference, though its bytes are the same', async () => {
    const wide = await send(
      server,
      await grey(() => 9, 64, 32)
        .png()
        .toBuffer(),
    );
    const tall = await send(
      server,
      await grey(() => 9, 32, 64)
        .png()
        .toBuffer(),
    );
    expect(tall.id).not.toBe(wide.id);
  });

  test('leaves the lists when it is archived, stays where it is known, and comes back when it is sent again', async () => {
    const file = await photograph(6).png().toBuffer();
    const { id } = await send(server, file);
    const { archiveReference: archived } = await server.data(ARCHIVE, { id });
    expect(archived).toEqual({ id, archivedAt: expect.any(String) });
    expect((await server.data(ARCHIVE, { id })).archiveReference).toEqual(archived);
    expect((await referencesOf(server)).map((node) => node.id)).not.toContain(id);
    expect(await referencesOf(server, '(includeArchived: true, first: 100)')).toContainEqual(archived);
    const query = 'query ($id: ID!) { reference(id: $id) { archivedAt image { url } product { partNumber } } }';
    const { reference } = await server.data(query, { id });
    expect(reference).toMatchObject({ archivedAt: archived.archivedAt, product: { partNumber: 'TILE' } });
    expect((await fetch(reference.image.url)).status).toBe(200);

    expect(await send(server, file)).toMatchObject({ id, archivedAt: null });
    expect((await referencesOf(server)).map((node) => node.id)).toContain(id);
  });
});

test('the references of a product come in pages, the newest first', async () => {
  const all = (await referencesOf(server)).map(({ id }) => id);
  expect(all.length).toBeGreaterThan(4);
  expect(all).toEqual([...all].sort().reverse());
  const query = `query ($after: String) { product(partNumber: "TILE") { references(first: 2, after: $after) {
    edges { node { id } } pageInfo { hasNextPage endCursor } } } }`;
  const seen: string[] = [];
  for (let after: string | null = null; ;) {
    const { edges, pageInfo }: Json = (await server.data(query, { after })).product.references;
    seen.push(...edges.map(({ node }: Json) => node.id));
    if (pageInfo.hasNextPage !== true) break;
    after = pageInfo.endCursor;
  }
  expect(seen).toEqual(all);
});

describe('a region mask', () => {
  const quarter = () => grey((x, y) => (x < 32 && y < 24 ? 255 : 0));

  test('is stored as an 8-bit grey PNG, with the share that it covers', async () => {
    const { url } = await createUpload(server, MASK);
    const { status, body } = await put(url, await quarter().png().toBuffer());
    expect(status).toBe(201);
    const { mask } = body;
    expect(mask).toEqual({ id: expect.any(String), width: 64, height: 48, areaFraction: 0.25 });
    const query = 'query ($id: ID!) { regionMask(id: $id) { id width height areaFraction createdAt image { url } } }';
    const { regionMask } = await server.data(query, { id: mask.id });
    expect(regionMask).toMatchObject(mask);
    const png = await bytesAt(regionMask.image.url);
    expect(await sharp(png).metadata()).toMatchObject({ channels: 1, depth: 'uchar', space: 'b-w' });
    const { data } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
    expect(data.equals(await quarter().raw().toBuffer())).toBe(true);
  });

  test('is there once, in whatever file it comes', async () => {
    const first = await send(server, await quarter().png().toBuffer(), MASK);
    const before = storedFiles(server);
    const rgb = await quarter().toColourspace('srgb').withIccProfile('p3').webp({ lossless: true }).toBuffer();
    expect((await send(server, rgb, MASK)).id).toBe(first.id);
    expect(storedFiles(server)).toEqual(before);
  });
});

test.each(['first: 0', 'first: 101', 'after: "garbage"', 'after: "WzFd"'])('a page of %s is refused', async (args) => {
  const error = await server.error(`{ product(partNumber: "TILE") { references(${args}) { edges { cursor } } } }`);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^(first|after): /),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

test('pages of references count among the objects that one query may ask for', async () => {
  const query =
    '{ products(first: 100) { edges { node { references(first: 100) { edges { node { product { references(first: 100) { edges { node { id } } } } } } } } } } }';
  expect((await server.error(query)).extensions).toMatchObject({ code: 'QUERY_TOO_LARGE', limit: 'nodes' });
});

test('what is not there is null to a query, and an error to a mutation', async () => {
  for (const id of ['00000000-0000-7000-8000-000000000000', 'nonsense', '']) {
    const query = 'query ($id: ID!) { reference(id: $id) { id } regionMask(id: $id) { id } upload(id: $id) { id } }';
    expect(await server.data(query, { id })).toEqual({ reference: null, regionMask: null, upload: null });
    expect(await server.error(ARCHIVE, { id })).toMatchObject({
      message: `id: there is no reference "${id}"`,
      extensions: { code: 'NOT_FOUND', field: 'id' },
    });
  }
});

test('after all this every stored file has its row and every row its file, and nothing was a fault of the service', async () => {
  await expectStoredConsistently(server, 0);
});
