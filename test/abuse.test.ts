import { connect } from 'node:net';
import { GENERATE, QUICK, generate } from './support/generations.js';
import { circular, deep, discounted, greedy, long, manyWays, wide } from './support/hostileQueries.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';
import { speak } from './support/socket.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const refusal = (item: object) => server.error(GENERATE, { input: [{ ...QUICK, ...item }] });

test.each([
  [{ count: 0 }, 'input[0].count: 0 is out of range 1 … 1000'],
  [{ count: -1 }, 'input[0].count: -1 is out of range 1 … 1000'],
  [{ count: 1e9 }, 'input[0].count: 1000000000 is out of range 1 … 1000'],
  [{ steps: 0 }, 'input[0].steps: 0 is out of range 1 … 999'],
  [{ steps: 1000 }, 'input[0].steps: 1000 is out of range 1 … 999'],
  [{ steps: 1, sampler: 'DDPM' }, 'input[0].steps: 1 is out of range 2 … 999'],
  [{ steps: 1000, sampler: 'DDIM' }, 'input[0].steps: 1000 is out of range 2 … 999'],
  [{ seed: -1 }, 'input[0].seed: -1 is out of range 0 … 2147483647'],
  [{ priority: 10 }, 'input[0].priority: 10 is out of range 0 … 9'],
  [{ productScale: -0.1 }, 'input[0].productScale: -0.1 is out of range 0 … 5'],
  [{ strength: { value: 5.01 } }, 'input[0].strength: 5.01 is out of range 0 … 5'],
  [{ strength: { min: -1, max: 2 } }, 'input[0].strength.min: -1 is out of range 0 … 5'],
  [{ strength: { min: 1, max: 1e300 } }, 'input[0].strength.max: 1e+300 is out of range 0 … 5'],
  [{ strength: { min: 3, max: 2 } }, 'input[0].strength: min 3 is above max 2'],
  [{ strength: {} }, 'input[0].strength: give one of value, min and max, or sweep'],
  [{ strength: { value: 1, max: 2 } }, 'input[0].strength: give one of value, min and max, or sweep'],
  [{ strength: { min: 1 } }, 'input[0].strength: give one of value, min and max, or sweep'],
  [{ partNumber: '' }, 'input[0].partNumber: must have 1 to 200 characters, not 0'],
  [{ partNumber: 'x'.repeat(10_000) }, 'input[0].partNumber: must have 1 to 200 characters, not 10000'],
  [{ defectCode: 'a\u0000b' }, 'input[0].defectCode: "a\\u0000b" has a character that is not text'],
  [{ idempotencyKey: '\ud800' }, 'input[0].idempotencyKey: "\\ud800" has a character that is not text'],
])('%j is refused, and the message says why', async (item, message) => {
  const error = await refusal(item);
  expect(error.message).toBe(message);
  expect(error.extensions.code).toBe('BAD_USER_INPUT');
});

test.each([
  ['a number that is none', '{ count: 1e400 }'],
  ['a count beyond 32 bits', '{ count: 99999999999 }'],
  ['a strength beyond numbers', '{ strength: { value: 1e999 } }'],
  ['a text for a number', '{ count: "3" }'],
  ['an unknown field', '{ colour: "red" }'],
  ['an unknown sampler', '{ sampler: EULER }'],
])('%s in the document is refused', async (_, item) => {
  const body = item.slice(1);
  const query = `mutation { generateDefects(input: [{ partNumber: "TILE", defectCode: "CRACK", ${body}]) { id } }`;
  expect((await server.error(query)).extensions.code).toMatch(/BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/);
});

test('an empty list and an endless one are refused', async () => {
  expect(await server.error(GENERATE, { input: [] })).toMatchObject({
    message: 'input: must have at least one item',
    extensions: { field: 'input', min: 1, max: 100, value: 0 },
  });
  expect((await server.error(GENERATE, { input: Array.from({ length: 101 }, () => QUICK) })).message).toBe(
    'input: 101 items are more than 100',
  );
});

test.each(['first: 0', 'first: -5', 'first: 101', 'first: 2147483647'])('a page of %s is refused', async (args) => {
  const { message, extensions } = await server.error(`{ generations(${args}) { edges { cursor } } }`);
  expect(message).toMatch(/^first: -?\d+ is out of range 1 … 100$/);
  expect(extensions.code).toBe('BAD_USER_INPUT');
});

const beyondIndexes = Buffer.from('["018f0000-0000-7000-8000-000000000000",2147483648]').toString('base64url');
const ofNumbers = Buffer.from('[1,2]').toString('base64url');
const ofText = Buffer.from('["x\\u0000"]').toString('base64url');
test.each(['', 'garbage', '🦄', 'x'.repeat(5000), ofNumbers, ofText, beyondIndexes])(
  'the cursor %p is refused on every list',
  async (after) => {
    for (const list of ['products', 'defects', 'generations', 'samples']) {
      const error = await server.error(`query ($after: String) { ${list}(after: $after) { edges { cursor } } }`, {
        after,
      });
      expect(error.message).toMatch(/^after: .* is not a cursor of this list/);
      expect(error.extensions.code).toBe('BAD_USER_INPUT');
    }
  },
);

test('text that SQL would choke on or obey is only text', async () => {
  const product = (partNumber: string) =>
    server.ask('query ($p: String!) { product(partNumber: $p) { id } }', { p: partNumber });
  expect((await product("'; drop table product; --")).data).toEqual({ product: null });
  expect((await product('a\u0000')).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  const search = '{ products(filter: { search: "%" }) { edges { node { id } } } }';
  expect((await server.data(search)).products.edges).toEqual([]);
});

test.each([
  ['deep', deep, /levels deep/],
  ['wide', wide, /60 aliases/],
  ['greedy', greedy, /objects at most/],
  ['greedy behind a negative page', discounted, /objects at most/],
  ['many-branched', manyWays, /pairs of fields|objects at most|token/i],
  ['long', long, /token/i],
  ['circular', circular, /Cannot spread fragment/],
])('a query that is too %s is refused over HTTP and over WebSocket', async (_, query, message) => {
  expect((await server.error(query)).message).toMatch(message);
  await expect(server.subscribe(query).next())
    .resolves.toMatchObject({ value: { errors: [{ message: expect.stringMatching(message) }] } })
    .catch(
      // graphql-ws reports errors before execution by throwing.
      (thrown: unknown) => expect(JSON.stringify(thrown) + String(thrown)).toMatch(message),
    );
});

test('a query that is too large is told so by the same code over HTTP and over WebSocket', async () => {
  expect((await server.error(greedy)).extensions).toMatchObject({ code: 'QUERY_TOO_LARGE', limit: 'nodes' });
  const socket = await speak(server);
  socket.send({ id: 'big', type: 'subscribe', payload: { query: greedy } });
  expect(await socket.next()).toMatchObject({ id: 'big', payload: [{ extensions: { code: 'QUERY_TOO_LARGE' } }] });
  socket.send({ id: 'wrong', type: 'subscribe', payload: { query: '{ nothing }' } });
  expect(await socket.next()).toMatchObject({
    id: 'wrong',
    payload: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
  });
  socket.close();
});

test('a syntax error is an answer to its own operation, and the connection stays', async () => {
  const socket = await speak(server);
  socket.send({ id: 'broken', type: 'subscribe', payload: { query: 'subscription {' } });
  expect(await socket.next()).toMatchObject({
    id: 'broken',
    type: 'error',
    payload: [{ message: expect.stringMatching(/Syntax Error/), extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
  });
  socket.send({ id: 'sound', type: 'subscribe', payload: { query: '{ serverInfo { version } }' } });
  expect(await socket.next()).toMatchObject({ id: 'sound', type: 'next' });
  socket.close();
});

test('a time that no database knows is refused by name', async () => {
  const error = await server.error(
    '{ samples(filter: { createdAfter: "0000-01-01T00:00:00Z" }) { edges { cursor } } }',
  );
  expect(error.message).toBe('filter.createdAfter: the year 0 is out of range 1 … 9999');
});

test('null stands for the default', async () => {
  expect(
    (await server.data('{ generations(first: null, after: null) { edges { cursor } } }')).generations,
  ).toBeDefined();
});

test('the introspection query of common tools passes', async () => {
  const { getIntrospectionQuery } = await import('graphql');
  expect((await server.data(getIntrospectionQuery())).__schema.queryType.name).toBe('Query');
});

describe('over HTTP', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(server.url, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
    });

  test('a body that is not JSON, or too large, is told so in GraphQL form', async () => {
    const broken = await post('{"query": ');
    expect(broken.status).toBe(400);
    expect(((await broken.json()) as Json).errors[0].extensions.code).toBe('BAD_REQUEST');
    const large = await post(
      JSON.stringify({ query: '{ serverInfo { version } }', variables: { x: 'x'.repeat(300_000) } }),
    );
    expect(large.status).toBe(413);
    expect(((await large.json()) as Json).errors[0].message).toBe('The request is larger than 262144 bytes.');
  });

  test('a form of another site cannot post', async () => {
    const response = await post('{"query":"{ serverInfo { version } }"}', { 'content-type': 'text/plain' });
    expect(response.status).toBeGreaterThanOrEqual(400);
  });

  test('a subscription is sent to the WebSocket', async () => {
    const error = await server.error('subscription { generationEvents(id: "x") { __typename } }');
    expect(error.message).toMatch(/use WebSocket/);
    expect(error.extensions.code).toBe('BAD_REQUEST');
  });

  test('several operations in one body are refused', async () => {
    const response = await post(JSON.stringify([{ query: '{ serverInfo { version } }' }]));
    expect(response.status).toBe(400);
  });

  test('there is nothing at other paths', async () => {
    expect((await fetch(new URL('/nothing', server.url))).status).toBe(404);
    expect((await fetch(`${server.url}/more`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(new URL('/artifacts/..%2f..%2furl-secret/x', server.url))).status).toBe(403);
  });
});

test('after all this the same process still works, and none of it was a fault of its own', async () => {
  expect((await generate(server, QUICK)).status).toBe('QUEUED');
  expect(server.output()).not.toContain('"level":"error"');
});

test('an upgrade of a wrong path that is broken off does not end the process, and one to another protocol is answered', async () => {
  const { port } = new URL(server.url);
  const upgrade =
    'GET /nope HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(upgrade, () => {
          socket.resetAndDestroy();
          resolve();
        }),
      );
    });
  }
  const h2c = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n';
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(h2c));
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => resolve(text));
  });
  expect(answer).toContain('200 OK');
  expect(server.process.exitCode).toBeNull();
});

test('a wrong directive on a subscription, at which a rule of graphql-js throws, is a mistake of the caller', async () => {
  const query = 'subscription { generationEvents(id: "x") @skip(if: 3) { __typename } }';
  expect(await server.error(query)).toMatchObject({
    message: 'Argument "if" has invalid value 3.',
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
  const socket = await speak(server);
  socket.send({ id: '1', type: 'subscribe', payload: { query } });
  expect((await socket.next()).payload[0]).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
  socket.send({ type: 'connection_ack' });
  await expect(socket.next()).rejects.toThrow('4400');
  expect(server.output()).not.toContain('"level":"error"');
});
