import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { QUICK, finished, generate, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';

let server: Server;
let sample: Json;
beforeAll(async () => {
  server = await startServer();
  [sample] = samplesIn(await finished(server, (await generate(server, QUICK)).id));
});

const QUERY = '{ serverInfo { version } }';

describe('over HTTP', () => {
  test.each([
    ['no key', {}, 'An API key is required: send "authorization: Bearer <key>".'],
    ['an unknown key', { authorization: 'Bearer wrong' }, 'This API key is not known.'],
    ['the bare key', { authorization: TEST_KEY }, 'authorization: must have the form "Bearer <key>".'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'authorization: must have the form "Bearer <key>".'],
  ])('%s is refused with 401', async (_, headers, message) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: QUERY }),
    };
    const response = await fetch(server.url, init as RequestInit);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    const { errors, data } = (await response.json()) as Json;
    expect(errors).toMatchObject([{ message, extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(data).toBeUndefined();
  });

  test('the right key is let in, whatever the case of the scheme', async () => {
    const headers = { 'content-type': 'application/json', authorization: `bearer ${TEST_KEY}` };
    const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query: QUERY }) });
    expect(await response.json()).toEqual({ data: { serverInfo: { version: expect.any(String) } } });
  });

  test('health needs no key and tells no secrets', async () => {
    expect(await (await fetch(new URL('/livez', server.url))).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(new URL('/readyz', server.url))).json()).toEqual({ status: 'ok', missing: [] });
  });
});

describe('over WebSocket', () => {
  const connect = (connectionParams: Record<string, unknown>): Promise<Json> =>
    new Promise((resolve) => {
      const client = createClient({
        url: server.url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        connectionParams,
        retryAttempts: 0,
      });
      client.subscribe({ query: QUERY }, { next: resolve, error: resolve, complete: () => void client.dispose() });
    });

  test.each([
    ['no key', {}],
    ['an unknown key', { authorization: 'Bearer wrong' }],
    ['a number for a key', { authorization: 42 }],
  ])('%s is refused with 4401', async (_, params) => {
    const closed = await connect(params);
    expect(closed).toMatchObject({ code: 4401, reason: expect.stringMatching(/^UNAUTHENTICATED: /) });
  });

  test('the right key is let in', async () => {
    expect(await connect({ authorization: `Bearer ${TEST_KEY}` })).toEqual({
      data: { serverInfo: { version: expect.any(String) } },
    });
  });
});

describe('artifacts', () => {
  const changed = (change: (url: URL) => void): Promise<Response> => {
    const url = new URL(sample.image.url);
    change(url);
    return fetch(url);
  };

  test('a signed URL needs no key, may be cached until it expires, and carries the right type', async () => {
    const left = () => (new Date(sample.image.expiresAt).getTime() - Date.now()) / 1000;
    const before = left();
    const response = await fetch(sample.image.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const maxAge = Number(/^private, immutable, max-age=(\d+)$/.exec(response.headers.get('cache-control') ?? '')?.[1]);
    expect(maxAge).toBeLessThanOrEqual(before + 1);
    expect(maxAge).toBeGreaterThanOrEqual(left() - 1);
  });

  test('a known picture is not sent again', async () => {
    const etag = (await fetch(sample.image.url)).headers.get('etag') ?? '';
    const again = await fetch(sample.image.url, { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } });
    expect(again.status).toBe(304);
  });

  test.each<[string, (url: URL) => void]>([
    ['a later expiry', (url) => url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1))],
    ['another signature', (url) => url.searchParams.set('signature', 'A'.repeat(43))],
    ['no signature', (url) => url.searchParams.delete('signature')],
    ['two signatures', (url) => url.searchParams.append('signature', 'x')],
    ['another file', (url) => (url.pathname = new URL(sample.mask.url).pathname)],
    [
      'another tenant',
      (url) =>
        (url.pathname = url.pathname.replace(/artifacts\/[^/]+/, 'artifacts/00000000-0000-7000-8000-000000000000')),
    ],
    ['a way out of the store', (url) => (url.pathname = '/artifacts/..%2F..%2F/url-secret')],
  ])('a URL with %s is refused', async (_, change) => {
    const response = await changed(change);
    expect(response.status).toBe(403);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(((await response.json()) as Json).error.code).toBe('SIGNATURE_INVALID');
  });

  test('a URL ends with its time', async () => {
    const brief = await startServer({ ARTIFACT_URL_SECONDS: '1' });
    const [own] = samplesIn(await finished(brief, (await generate(brief, QUICK)).id));
    await new Promise((resolve) => setTimeout(resolve, new Date(own.image.expiresAt).getTime() - Date.now() + 50));
    const response = await fetch(own.image.url);
    expect(response.status).toBe(410);
    expect(((await response.json()) as Json).error.code).toBe('URL_EXPIRED');
  });
});

test('the key is in no log', async () => {
  await server.ask(QUERY, {}, 'another-secret-key');
  expect(server.output()).not.toContain(TEST_KEY);
  expect(server.output()).not.toContain('another-secret-key');
});
