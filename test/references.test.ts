/** Customers' photographs and masks: what is accepted, what becomes of it, and what is refused. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { findOrInsert } from '../src/references/findOrInsert.js';
import { referencesOf as keptBy } from '../src/references/references.js';
import { recordPending } from '../src/artifacts/pendingFiles.js';
import { openStorage } from '../src/storage/open.js';
import { newId } from '../src/storage/identifiers.js';
import { artifacts, products, references, regionMasks, uploads } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { QUICK, bytesAt, finished, generate, samplesIn } from './support/generations.js';
import { animatedPng, animation, claiming, grey, photograph, pixelsOf, plain } from './support/photographs.js';
import { databaseOf } from './support/database.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import {
  CREATE_UPLOAD,
  MASK,
  PHOTOGRAPH,
  createUpload,
  fetchUpload,
  put,
  send,
  storedFiles,
} from './support/uploads.js';

const MAXIMUM_BYTES = 1_000_000;
const ARCHIVE = 'mutation ($id: ID!) { archiveReference(id: $id) { id archivedAt } }';

let server: Server;
beforeAll(async () => {
  server = await startServer({ MAX_UPLOAD_BYTES: String(MAXIMUM_BYTES) });
});

async function referencesOf(args = '(first: 100)', partNumber = 'TILE'): Promise<Json[]> {
  const query = `query ($part: String!) { product(partNumber: $part) { references${args} { edges { node { id archivedAt } } } } }`;
  const { product } = await server.data(query, { part: partNumber });
  return product.references.edges.map(({ node }: Json) => node);
}

/** Everything stored that a caller can see. */
async function stored(): Promise<object> {
  return { files: storedFiles(server).sort(), references: await referencesOf('(first: 100, includeArchived: true)') };
}

/** What is stored of an uploaded file. */
async function storedAs(file: Buffer, input?: object) {
  const kept = await send(server, file, input);
  const png = await bytesAt(kept.image.url);
  return { kept, png, pixels: await pixelsOf(png) };
}

describe('an upload', () => {
  test('is open until its file was accepted, and then says what has become of it', async () => {
    const open = await createUpload(server, { ...PHOTOGRAPH, name: 'camera 3' });
    expect(open).toMatchObject({
      purpose: 'REFERENCE',
      maximumBytes: MAXIMUM_BYTES,
      completedAt: null,
      reference: null,
      mask: null,
    });
    expect(new URL(open.url).origin).toBe(new URL(server.url).origin);
    expect(new Date(open.expiresAt).getTime()).toBeGreaterThan(Date.now());
    const { status, body } = await put(open.url, await photograph(0).png().toBuffer());
    expect(status).toBe(201);
    const done = await fetchUpload(server, open.id);
    expect(body).toEqual({ reference: { id: done.reference.id, width: 64, height: 48 } });
    expect(done).toMatchObject({
      completedAt: expect.any(String),
      mask: null,
      reference: { name: 'camera 3', archivedAt: null, product: { partNumber: 'TILE' } },
    });
  });

  test('is completed once: the same bytes get the same answer, other bytes are a conflict', async () => {
    const { url } = await createUpload(server);
    const file = await photograph(1).png().toBuffer();
    const first = await put(url, file);
    const before = await stored();
    expect(await put(url, file)).toEqual(first);
    const other = await put(url, await photograph(2).png().toBuffer());
    expect(other).toMatchObject({ status: 409, body: { errors: [{ extensions: { code: 'UPLOAD_CONFLICT' } }] } });
    expect(await stored()).toEqual(before);
  });

  test('that is sent several times at once becomes one reference with one file', async () => {
    const file = await photograph(3).png().toBuffer();
    const before = storedFiles(server).length;
    const [one, two] = [await createUpload(server), await createUpload(server)];
    const answers = await Promise.all([one.url, one.url, two.url, two.url].map((url) => put(url, file)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body.reference.id)).size).toBe(1);
    expect(storedFiles(server)).toHaveLength(before + 1);
  });

  test.each([
    [{ purpose: 'REFERENCE' }, 'input.partNumber: is required for a REFERENCE: the product that it shows'],
    [{ ...MASK, partNumber: 'TILE' }, 'input.partNumber: is for a REFERENCE; a MASK has none, and got "TILE"'],
    [{ ...MASK, name: 'left' }, 'input.name: is for a REFERENCE; a MASK has none, and got "left"'],
    [{ ...PHOTOGRAPH, partNumber: 'NONE' }, 'input.partNumber: there is no product "NONE"; there are: METAL_NUT, TILE'],
    [{ ...PHOTOGRAPH, partNumber: '' }, 'input.partNumber: must have 1 to 200 characters, not 0'],
    [{ ...PHOTOGRAPH, name: 'x'.repeat(201) }, 'input.name: must have 1 to 200 characters, not 201'],
  ])('for %j is not given out, and the message says why', async (input, message) => {
    expect((await server.error(CREATE_UPLOAD, { input })).message).toBe(message);
  });
});

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
    const before = await stored();
    const tiff = await photograph(5).tiff({ compression: 'lzw' }).toBuffer();
    const again = await send(server, tiff, { ...PHOTOGRAPH, name: 'second' });
    expect([again.id, again.name]).toEqual([first.id, 'first']);
    expect(await stored()).toEqual(before);
  });

  test('of another product is another reference', async () => {
    const file = await photograph(5).png().toBuffer();
    const nut = await send(server, file, { ...PHOTOGRAPH, partNumber: 'METAL_NUT' });
    expect(nut.product.partNumber).toBe('METAL_NUT');
    expect((await referencesOf()).map(({ id }) => id)).not.toContain(nut.id);
    expect((await referencesOf('', 'METAL_NUT')).map(({ id }) => id)).toEqual([nut.id]);
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
    expect((await referencesOf()).map((node) => node.id)).not.toContain(id);
    expect(await referencesOf('(includeArchived: true, first: 100)')).toContainEqual(archived);
    const query = 'query ($id: ID!) { reference(id: $id) { archivedAt image { url } product { partNumber } } }';
    const { reference } = await server.data(query, { id });
    expect(reference).toMatchObject({ archivedAt: archived.archivedAt, product: { partNumber: 'TILE' } });
    expect((await fetch(reference.image.url)).status).toBe(200);

    expect(await send(server, file)).toMatchObject({ id, archivedAt: null });
    expect((await referencesOf()).map((node) => node.id)).toContain(id);
  });
});

test('the references of a product come in pages, the newest first', async () => {
  const all = (await referencesOf()).map(({ id }) => id);
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

describe('a refused file gets a typed error, leaves nothing, and leaves its upload open', () => {
  const png = () => photograph(7).png().toBuffer();
  const half = (file: Buffer) => file.subarray(0, Math.floor(file.length / 2));
  const text = (value: string) => Promise.resolve(Buffer.from(value));
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>';
  const black = (pixel: number) => grey((x, y) => (x === 3 && y === 3 ? pixel : x > 40 ? 255 : 0));
  const unsupported = 'body: is not a JPEG, PNG, WebP, or TIFF, by its first bytes';
  const cut = (type: string) => new RegExp(`^body: cannot be read as a ${type}, it is damaged or truncated: .+`);

  const photographs: [string, () => Promise<Buffer>, number, string, string | RegExp][] = [
    ['nothing', () => text(''), 422, 'IMAGE_UNREADABLE', /^body: is empty/],
    ['text', () => text('this is no picture'), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
    ['an SVG', () => text(svg), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
    ['a PDF', () => text('%PDF-1.7\n'), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
    ['an animated GIF', () => animation('gif'), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
    ['an animated WebP', () => animation('webp'), 422, 'IMAGE_ANIMATED', /^body: has 2 pages or frames/],
    ['a TIFF of two pages', () => animation('tiff'), 422, 'IMAGE_ANIMATED', /^body: has 2 pages or frames/],
    ['an animated PNG', animatedPng, 422, 'IMAGE_ANIMATED', /^body: has several pages or frames/],
    ['half a JPEG', async () => half(await photograph(7).jpeg().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('JPEG')],
    ['half a PNG', async () => half(await png()), 422, 'IMAGE_UNREADABLE', cut('PNG')],
    ['half a WebP', async () => half(await photograph(7).webp().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('WebP')],
    ['half a TIFF', async () => half(await photograph(7).tiff().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('TIFF')],
    ['a PNG of its signature alone', async () => (await png()).subarray(0, 8), 422, 'IMAGE_UNREADABLE', cut('PNG')],
    [
      '1 × 1',
      () => photograph(7, 1, 1).png().toBuffer(),
      422,
      'IMAGE_SIZE_OUT_OF_RANGE',
      'body: is 1 × 1 pixels: the smaller side, 1, is below 32',
    ],
    [
      'a narrow strip',
      () => photograph(7, 200, 31).jpeg().toBuffer(),
      422,
      'IMAGE_SIZE_OUT_OF_RANGE',
      'body: is 200 × 31 pixels: the smaller side, 31, is below 32',
    ],
    [
      'a small file that claims 20000 × 20000',
      () => Promise.resolve(claiming(20_000, 20_000)),
      422,
      'IMAGE_SIZE_OUT_OF_RANGE',
      'body: is 20000 × 20000 pixels: the larger side, 20000, is above 8192',
    ],
    [
      'a small file that claims 8000 × 8000',
      () => Promise.resolve(claiming(8000, 8000)),
      422,
      'IMAGE_SIZE_OUT_OF_RANGE',
      'body: is 8000 × 8000 pixels: 64000000 pixels are more than 40000000',
    ],
    [
      'a half transparent one',
      () => photograph(7).ensureAlpha(0.5).png().toBuffer(),
      422,
      'IMAGE_TRANSPARENT',
      /^body: is not fully opaque/,
    ],
    [
      'floating point',
      () => photograph(7).tiff({ compression: 'deflate', predictor: 'float' }).toBuffer(),
      415,
      'IMAGE_TYPE_UNSUPPORTED',
      'body: has values of the type float; send 8 or 16 bits per channel',
    ],
  ];
  const masks: typeof photographs = [
    [
      'a mask with one grey pixel',
      () => black(128).png().toBuffer(),
      422,
      'MASK_NOT_BINARY',
      'body: every pixel must be 0 or 255; there are 1 other value (128) in 1 pixel',
    ],
    [
      'a mask of 0 and 1',
      () =>
        grey((x) => (x > 31 ? 1 : 0))
          .png()
          .toBuffer(),
      422,
      'MASK_NOT_BINARY',
      'body: every pixel must be 0 or 255; there are 1 other value (1) in 1536 pixels',
    ],
    [
      'a photograph for a mask',
      png,
      422,
      'MASK_NOT_BINARY',
      /there are \d+ other values \(\d+, \d+, \d+, \d+, \d+ …\) in \d+ pixels$/,
    ],
    [
      'an empty mask',
      () =>
        grey(() => 0)
          .png()
          .toBuffer(),
      422,
      'MASK_EMPTY',
      /^body: is all black/,
    ],
    [
      'a mask of everything',
      () =>
        grey(() => 255)
          .png()
          .toBuffer(),
      422,
      'MASK_FULL',
      /^body: is all white/,
    ],
    [
      'a mask of 1 × 1',
      () =>
        grey(() => 255, 1, 1)
          .png()
          .toBuffer(),
      422,
      'IMAGE_SIZE_OUT_OF_RANGE',
      'body: is 1 × 1 pixels: the smaller side, 1, is below 32',
    ],
    ['half a mask', async () => half(await black(0).png().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('PNG')],
  ];

  test.each([
    ...photographs.map((row) => [PHOTOGRAPH, ...row] as const),
    ...masks.map((row) => [MASK, ...row] as const),
  ])('%j: %s', async (input, _, file, status, code, message) => {
    const upload = await createUpload(server, input);
    const before = await stored();
    const answer = await put(upload.url, await file());
    expect(answer).toEqual({
      status,
      body: {
        errors: [
          {
            message: typeof message === 'string' ? message : expect.stringMatching(message),
            extensions: expect.objectContaining({ code, field: 'body' }),
          },
        ],
      },
    });
    expect(await stored()).toEqual(before);
    expect(await fetchUpload(server, upload.id)).toMatchObject({ completedAt: null, reference: null, mask: null });
  });

  test('a file after a refused one completes the upload', async () => {
    const { url } = await createUpload(server);
    expect((await put(url, Buffer.from('nonsense'))).status).toBe(415);
    expect((await put(url, await photograph(8).png().toBuffer())).status).toBe(201);
  });

  test('a form instead of the file is refused by its type', async () => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(await png())]));
    const { url } = await createUpload(server);
    expect(await put(url, form)).toMatchObject({ status: 415 });
  });

  test.each([
    ['that says so', () => Buffer.alloc(MAXIMUM_BYTES + 1), /^body: 1000001 bytes are more than 1000000$/],
    ['that goes on and on', () => endless(), /^body: is longer than 1000000 bytes$/],
  ])('a body over the bound, %s, is refused while it is read', async (_, body, message) => {
    const { url } = await createUpload(server);
    const before = await stored();
    const answer = await put(url, body());
    expect(answer.status).toBe(413);
    const [error] = answer.body.errors;
    expect(error.message).toMatch(message);
    expect(error.extensions).toEqual({ code: 'UPLOAD_TOO_LARGE', field: 'body', maximumBytes: MAXIMUM_BYTES });
    expect(await stored()).toEqual(before);
  });

  /** Ends only because the server does not wait for it. */
  function endless(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      async pull(controller) {
        await wait(1);
        controller.enqueue(new Uint8Array(50_000));
      },
    });
  }

  test('a caller that sends all of a too large body before it listens still hears why', async () => {
    const { host, hostname, port, pathname, search } = new URL((await createUpload(server)).url);
    const size = 20_000_000; // more than the sockets in between can buffer
    const head = `PUT ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`;
    const body = [Buffer.from(head), Buffer.alloc(size), Buffer.from('\r\n0\r\n\r\n')];
    const socket = connect(Number(port), hostname).pause();
    await new Promise<unknown>((sent) => socket.on('error', sent).write(Buffer.concat(body), sent));
    const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('a caller that hangs up in the middle leaves nothing', async () => {
    const { url } = await createUpload(server);
    const before = await stored();
    const { host, hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5000\r\n\r\n`);
    socket.write(Buffer.alloc(2000));
    for (let tries = 0; storedFiles(server).length === (before as { files: string[] }).files.length; tries += 1) {
      expect(tries).toBeLessThan(200); // the draft has arrived
      await wait(10);
    }
    socket.destroy();
    await wait(300);
    expect(await stored()).toEqual(before);
  });
});

describe('the URL of an upload', () => {
  const changed = async (change: (url: URL) => void) => {
    const url = new URL((await createUpload(server)).url);
    change(url);
    return put(url, await photograph(9).png().toBuffer());
  };

  test.each<[string, (url: URL) => void]>([
    ['a later expiry', (url) => url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1))],
    ['another signature', (url) => url.searchParams.set('signature', 'A'.repeat(43))],
    ['no signature', (url) => url.searchParams.delete('signature')],
    ['another upload', (url) => (url.pathname = url.pathname.replace(/.$/, (last) => (last === '0' ? '1' : '0')))],
    [
      'another tenant',
      (url) => (url.pathname = url.pathname.replace(/uploads\/[^/]+/, 'uploads/00000000-0000-7000-8000-000000000000')),
    ],
  ])('with %s is refused', async (_, change) => {
    const before = await stored();
    expect(await changed(change)).toEqual({
      status: 403,
      body: {
        errors: [
          {
            message: 'This URL was not created by this service, or it was changed.',
            extensions: { code: 'SIGNATURE_INVALID' },
          },
        ],
      },
    });
    expect(await stored()).toEqual(before);
  });

  test('is for sending only, and that of a picture for fetching only', async () => {
    const upload = await createUpload(server);
    const [sample] = samplesIn(await finished(server, (await generate(server, QUICK)).id));
    const file = await photograph(9).png().toBuffer();
    expect((await fetch(upload.url)).status).toBe(404);
    expect((await fetch(sample.image.url, { method: 'PUT', body: new Uint8Array(file) })).status).toBe(404);
    // The signature for one upload, in the URL of the other.
    const at = (folder: string, url: string) => new URL(url.replace(/\/(artifacts|uploads)\//, `/${folder}/`));
    expect((await put(at('uploads', sample.image.url), file)).status).toBe(403);
    const artifact = at('artifacts', upload.url);
    expect((await fetch(artifact)).status).toBe(403);
    const swapped = new URL(upload.url);
    swapped.search = new URL(sample.image.url).search;
    expect((await put(swapped, file)).status).toBe(403);
  });

  test('ends with its time, and the upload gives a new one', async () => {
    const brief = await startServer({ ARTIFACT_URL_SECONDS: '1' });
    const upload = await createUpload(brief);
    await wait(new Date(upload.expiresAt).getTime() - Date.now() + 50);
    const file = await photograph(9).png().toBuffer();
    const late = await put(upload.url, file);
    expect(late).toMatchObject({ status: 410, body: { errors: [{ extensions: { code: 'URL_EXPIRED' } }] } });
    expect(storedFiles(brief)).toEqual([]);
    expect((await put((await fetchUpload(brief, upload.id)).url, file)).status).toBe(201);
    await brief.stop();
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

test('the bound of an upload is among the limits', async () => {
  const { serverInfo } = await server.data('{ serverInfo { limits { maximumUploadBytes } } }');
  expect(serverInfo.limits.maximumUploadBytes).toBe(MAXIMUM_BYTES);
});

test('of two processes that insert the same photograph at once, the later takes the row of the earlier', async () => {
  const storage = await openStorage(await databaseOf(newDataDirectory()));
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'tenant'));
  const { database, own, rows } = scope;
  const productId = newId();
  const common = { name: 'part', promptName: 'tile', createdAt: new Date() };
  await database.insert(products).values(own({ ...common, id: productId, partNumber: 'PART' }));
  const size = { width: 64, height: 48 };
  const file = (key: string) => ({ ...size, key, contentType: 'image/png', bytes: 1, createdAt: new Date() });
  const mine = { ...size, productId, name: null, hash: 'the same' };
  await recordPending(scope, ['earlier', 'later']);
  const first = await keptBy(scope).findOrCreate(mine, file('earlier'));

  let looks = 0;
  const late = await findOrInsert(scope, file('later'), {
    find: async () => (looks++ === 0 ? undefined : keptBy(scope).withHash(productId, mine.hash)),
    insert: async (artifactKey, createdAt) => {
      const row = own({ ...mine, id: newId(), artifactKey, createdAt, archivedAt: null });
      return (await database.insert(references).values(row).onConflictDoNothing().returning()).at(0);
    },
  });
  expect(late).toEqual(first);
  expect((await database.select().from(artifacts).where(rows(artifacts))).map(({ key }) => key)).toEqual(['earlier']);
  await storage.close();
});

test('after all this every stored file has its row and every row its file, and nothing was a fault of the service', async () => {
  const files = storedFiles(server);
  expect(server.output()).not.toContain('"level":"error"');
  await server.stop();
  const { database, close } = await openStorage(await databaseOf(server.dataDirectory));
  const keys = (await database.select().from(artifacts)).map(({ key }) => key);
  const kept = [...(await database.select().from(references)), ...(await database.select().from(regionMasks))];
  const sent = await database.select().from(uploads);
  await close();
  expect(files.map((name) => name.split('/').at(-1)).sort()).toEqual(keys.sort());
  expect(kept).toHaveLength(keys.length - 3); // of the one sample
  expect(new Set(kept.map(({ artifactKey }) => artifactKey)).size).toBe(kept.length);
  const completed = sent.filter(({ completedAt }) => completedAt !== null);
  expect(new Set(completed.map(({ referenceId, maskId }) => referenceId ?? maskId))).toEqual(
    new Set(kept.map(({ id }) => id)),
  );
});
