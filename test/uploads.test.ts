/** Uploads of photographs and masks: when one is complete, what is refused, and what its URL is for. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { QUICK, finished, generate, samplesIn } from './support/generations.js';
import { photograph } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import {
  CREATE_UPLOAD,
  MASK,
  PHOTOGRAPH,
  createUpload,
  fetchUpload,
  put,
  storedBy,
  storedFiles,
} from './support/uploads.js';
import { endless, refusedMasks, refusedPhotographs } from './support/refusedFiles.js';
import { expectStoredConsistently } from './support/storedConsistently.js';
import { until } from './support/until.js';

const MAXIMUM_BYTES = 1_000_000;

let server: Server;
beforeAll(async () => {
  server = await startServer({ MAX_UPLOAD_BYTES: String(MAXIMUM_BYTES) });
});

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
    const before = await storedBy(server);
    expect(await put(url, file)).toEqual(first);
    const other = await put(url, await photograph(2).png().toBuffer());
    expect(other).toMatchObject({ status: 409, body: { errors: [{ extensions: { code: 'UPLOAD_CONFLICT' } }] } });
    expect(await storedBy(server)).toEqual(before);
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

describe('a refused file gets a typed error, leaves nothing, and leaves its upload open', () => {
  test.each([
    ...refusedPhotographs.map((row) => [PHOTOGRAPH, ...row] as const),
    ...refusedMasks.map((row) => [MASK, ...row] as const),
  ])('%j: %s', async (input, _, file, status, code, message) => {
    const upload = await createUpload(server, input);
    const before = await storedBy(server);
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
    expect(await storedBy(server)).toEqual(before);
    expect(await fetchUpload(server, upload.id)).toMatchObject({ completedAt: null, reference: null, mask: null });
  });

  test('a file after a refused one completes the upload', async () => {
    const { url } = await createUpload(server);
    expect((await put(url, Buffer.from('nonsense'))).status).toBe(415);
    expect((await put(url, await photograph(8).png().toBuffer())).status).toBe(201);
  });

  test('a form instead of the file is refused by its type', async () => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(await photograph(7).png().toBuffer())]));
    const { url } = await createUpload(server);
    expect(await put(url, form)).toMatchObject({ status: 415 });
  });

  test.each([
    ['that says so', () => Buffer.alloc(MAXIMUM_BYTES + 1), /^body: 1000001 bytes are more than 1000000$/],
    ['that goes on and on', () => endless(), /^body: is longer than 1000000 bytes$/],
  ])('a body over the bound, %s, is refused while it is read', async (_, body, message) => {
    const { url } = await createUpload(server);
    const before = await storedBy(server);
    const answer = await put(url, body());
    expect(answer.status).toBe(413);
    const [error] = answer.body.errors;
    expect(error.message).toMatch(message);
    expect(error.extensions).toEqual({ code: 'UPLOAD_TOO_LARGE', field: 'body', maximumBytes: MAXIMUM_BYTES });
    expect(await storedBy(server)).toEqual(before);
  });

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
    const before = await storedBy(server);
    const { host, hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5000\r\n\r\n`);
    socket.write(Buffer.alloc(2000));
    await until(() => storedFiles(server).length > before.files.length); // the draft has arrived
    socket.destroy();
    await until(() => storedFiles(server).length === before.files.length);
    expect(await storedBy(server)).toEqual(before);
  });
});

test('a part of a file is refused, and the whole file is taken after it', async () => {
  const { url } = await createUpload(server);
  const body = new Uint8Array(await photograph(9).png().toBuffer());
  const part = await fetch(url, {
    method: 'PUT',
    body,
    headers: { 'content-range': `bytes 0-99/${String(body.length)}` },
  });
  expect([part.status, (await part.json()) as Json]).toMatchObject([
    422,
    { errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'content-range' } }] },
  ]);
  expect((await put(url, Buffer.from(body))).status).toBe(201);
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
    const before = await storedBy(server);
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
    expect(await storedBy(server)).toEqual(before);
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
    // On a busy machine, a second can be over before the file arrives.
    await until(async () => (await put((await fetchUpload(brief, upload.id)).url, file)).status === 201);
    await brief.stop();
  });
});

test('the bound of an upload is among the limits', async () => {
  const { serverInfo } = await server.data('{ serverInfo { limits { maximumUploadBytes } } }');
  expect(serverInfo.limits.maximumUploadBytes).toBe(MAXIMUM_BYTES);
});

test('after all this every stored file has its row and every row its file, and nothing was a fault of the service', async () => {
  await expectStoredConsistently(server, 3); // the images of the one sample
});
