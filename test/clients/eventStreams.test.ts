/** Server-sent events on /graphql: chosen by the accept header, and many operations on one stream under a token. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { QUICK, SLOW, generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, startServer } from '../support/server.js';
import { createKey, revokeKey } from '../support/tenancy.js';

const CALLER = '{ caller { role } }';
const EVENTS = 'subscription ($id: ID!) { generationEvents(id: $id) { __typename } }';
const TOKEN = 'x-graphql-event-stream-token';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

function ask(init: RequestInit & { headers?: Record<string, string> }, query = ''): Promise<Response> {
  const headers = { authorization: `Bearer ${TEST_KEY}`, ...init.headers };
  return fetch(`${server.url}${query}`, { ...init, headers });
}

async function reserve(key = TEST_KEY): Promise<string> {
  const response = await ask({ method: 'PUT', headers: { authorization: `Bearer ${key}` } });
  expect([response.status, response.headers.get('content-type')]).toEqual([201, 'text/plain; charset=utf-8']);
  return response.text();
}

/** Starts an operation on a reserved stream. */
function start(token: string, operationId: unknown, payload: object = { query: CALLER }, key = TEST_KEY) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', [TOKEN]: token };
  return ask({ method: 'POST', headers, body: JSON.stringify({ ...payload, extensions: { operationId } }) });
}

interface OpenStream {
  readonly status: number;
  /** The next message, as [event, data]. Undefined at the end of the stream. */
  next(): Promise<[string, Json] | undefined>;
  close(): void;
}

async function open(token: string, key = TEST_KEY): Promise<OpenStream> {
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream', [TOKEN]: token };
  const sent = request(server.url, { headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
  let text = '';
  return {
    status: response.statusCode ?? 0,
    async next() {
      for (;;) {
        const found = /^event: (\w+)\ndata: (.*)\n\n/m.exec(text);
        if (found !== null) {
          text = text.slice(found.index + found[0].length);
          return [String(found[1]), found[2] === '' ? undefined : JSON.parse(String(found[2]))];
        }
        const { done, value } = await chunks.next();
        if (done === true) return undefined;
        text += value;
      }
    },
    close: () => sent.destroy(),
  };
}

test.each([
  ['text/event-stream', 'text/event-stream; charset=utf-8'],
  ['text/event-stream, application/json;q=0.9', 'text/event-stream; charset=utf-8'],
  ['application/json, text/event-stream', 'application/json; charset=utf-8'],
  ['application/graphql-response+json, text/event-stream', 'application/graphql-response+json; charset=utf-8'],
  ['*/*', 'application/json; charset=utf-8'],
])('accept: %s gets %s', async (accept, type) => {
  const get = await ask({ headers: { accept } }, `?query=${encodeURIComponent(CALLER)}`);
  expect([get.status, get.headers.get('content-type')]).toEqual([200, type]);
  expect(await get.text()).toContain('{"data":{"caller":{"role":"ADMIN"}}}');
  const headers = { accept, 'content-type': 'application/json' };
  const post = await ask({ method: 'POST', headers, body: JSON.stringify({ query: CALLER }) });
  expect([post.status, post.headers.get('content-type')]).toEqual([200, type]);
  await post.text();
});

test('one stream carries operations that began before it was opened and after, and each can be ended', async () => {
  const token = await reserve();
  const slow = await generate(server, SLOW);
  expect((await start(token, 'early')).status).toBe(202);
  const stream = await open(token);
  expect(await stream.next()).toEqual(['next', { id: 'early', payload: { data: { caller: { role: 'ADMIN' } } } }]);
  expect(await stream.next()).toEqual(['complete', { id: 'early' }]);
  expect((await start(token, 'endless', { query: EVENTS, variables: { id: slow.id } })).status).toBe(202);
  expect(await stream.next()).toMatchObject(['next', { id: 'endless' }]);
  expect((await start(token, 'endless')).status).toBe(409);
  expect((await ask({ method: 'DELETE', headers: { [TOKEN]: token } }, '?operationId=endless')).status).toBe(200);
  expect((await start(token, 'wrong', { query: '{ nothing }' })).status).toBe(202);
  let message = await stream.next();
  while (message?.[1].id === 'endless') message = await stream.next();
  const errors = [{ message: expect.stringContaining('nothing'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }];
  expect(message).toMatchObject(['next', { id: 'wrong', payload: { errors } }]);
  stream.close();
  await server.data('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id: slow.id });
});

test('a token is of no use to another caller, or twice, or when it is invented', async () => {
  const [token, other] = [await reserve(), await createKey(server, { role: 'VIEWER' })];
  expect((await open(token, other.secret)).status).toBe(404);
  expect((await start(token, 'x', { query: CALLER }, other.secret)).status).toBe(404);
  expect((await start('invented', 'x')).status).toBe(404);
  expect((await start(token, '')).status).toBe(400);
  expect((await start(token, 7)).status).toBe(400);
  const stream = await open(token);
  expect((await open(token)).status).toBe(409);
  expect((await ask({ method: 'DELETE' }, '?operationId=x')).status).toBe(405);
  expect((await fetch(server.url, { method: 'PUT' })).status).toBe(401);
  stream.close();
});

test('when the key is revoked, every operation of the stream is told so, and the stream ends', async () => {
  const { secret, apiKey } = await createKey(server, { role: 'VIEWER' });
  const slow = await generate(server, SLOW);
  const token = await reserve(secret);
  const stream = await open(token, secret);
  const follow = { query: EVENTS, variables: { id: slow.id } };
  expect((await start(token, 'a', follow, secret)).status).toBe(202);
  await stream.next();
  await revokeKey(server, apiKey.id);
  const rest: [string, Json][] = [];
  for (let message = await stream.next(); message !== undefined; message = await stream.next()) rest.push(message);
  const errors = [{ message: 'This API key was revoked.', extensions: { code: 'UNAUTHENTICATED' } }];
  expect(rest.slice(-2)).toEqual([
    ['next', { id: 'a', payload: { errors } }],
    ['complete', { id: 'a' }],
  ]);
  await server.data('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id: slow.id });
});

test('a tenant has at most 100 streams and 100 operations on each, and a closed one makes room', async () => {
  const tokens = await Promise.all(Array.from({ length: 100 }, () => reserve().catch(() => '')));
  const refused = await ask({ method: 'PUT' });
  expect([refused.status, ((await refused.json()) as Json).errors[0].extensions.code]).toEqual([
    429,
    'TOO_MANY_SUBSCRIPTIONS',
  ]);
  const [token = ''] = tokens;
  const { id } = await generate(server, QUICK);
  const follow = { query: EVENTS, variables: { id } };
  for (let i = 0; i < 100; i += 1) expect((await start(token, `op ${String(i)}`, follow)).status).toBe(202);
  expect((await start(token, 'one more', follow)).status).toBe(429);
  const stream = await open(token);
  for (let ended = 0; ended < 100;) if ((await stream.next())?.[0] === 'complete') ended += 1;
  stream.close();
  let status = 429;
  while (status === 429) ({ status } = await ask({ method: 'PUT' }));
  expect(status).toBe(201);
});
