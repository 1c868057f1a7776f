/** What one query may cost: introspection, long lists, and large answers, over every transport. */
import { getIntrospectionQuery } from 'graphql';
import { IMPORT } from '../support/catalog.js';
import { GENERATE, QUICK } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, startServer } from '../support/server.js';
import { speak } from '../support/socket.js';
import { createKey, stream } from '../support/tenancy.js';

/** Small to send, and millions of objects: each level of types has every type again. */
const types = '{ types { fields { type { fields { name args { name type { name kind } } } } } } }';
const introspections = (aliases: number): string =>
  `{ ${Array.from({ length: aliases }, (_, i) => `a${String(i)}: __schema ${types}`).join(' ')} }`;
/** Fragments that spread each other have as many paths as there are types. */
const branching = `{ __schema { ...f0 } } ${Array.from(
  { length: 30 },
  (_, i) => `fragment f${String(i)} on __Schema { ...f${String(i + 1)} ...f${String(Math.min(i + 2, 30))} }`,
).join(' ')} fragment f30 on __Schema { queryType { name } }`;

let server: Server;
beforeAll(async () => {
  server = await startServer({ INTROSPECTION: 'OPERATOR' });
});

/** Over HTTP, WebSocket, and event streams. */
async function expectRefusedEverywhere(query: string, expected: object): Promise<void> {
  expect(await server.error(query)).toMatchObject(expected);
  const socket = await speak(server);
  socket.send({ id: '1', type: 'subscribe', payload: { query } });
  expect((await socket.next()).payload[0]).toMatchObject(expected);
  socket.close();
  expect((await stream(server, query).next()).value.errors[0]).toMatchObject(expected);
}

test.each([
  ['aliases', introspections(51), /aliases/],
  ['objects', introspections(20), /objects of the schema/],
  ['paths', branching, /objects of the schema/],
  ['depth', `{ __type(name: "Query") ${'{ ofType '.repeat(20)}{ name }${' }'.repeat(20)} }`, /levels deep/],
])('introspection counts by its %s, over HTTP, WebSocket, and event streams', async (_, query, message) => {
  const expected = { message: expect.stringMatching(message), extensions: { code: 'QUERY_TOO_LARGE' } };
  await expectRefusedEverywhere(query, expected);
});

test.each([
  ['lists that are not closed', `{ products(filter: ${'['.repeat(1990)}`],
  ['lists', `{ products(filter: ${'['.repeat(900)}${']'.repeat(900)}) { totalCount } }`],
  ['types', `query ($a: ${'['.repeat(1990)}`],
  ['inline fragments', `${'{ ... '.repeat(400)}{ __typename }${'}'.repeat(400)}`],
])('brackets within brackets are counted before they are parsed, over every transport: %s', async (_, query) => {
  const expected = {
    message: 'The query is too large: 65 levels deep in brackets or more, 64 are allowed. Request less at a time.',
    extensions: { code: 'QUERY_TOO_LARGE', limit: 'nesting', allowed: 64 },
  };
  await expectRefusedEverywhere(query, expected);
});

test('fields of one name are counted before they are compared, over every transport', async () => {
  const message = expect.stringMatching(/^The query is too large: \d+ pairs of fields of one name or more, 20000 are/);
  const extensions = { code: 'QUERY_TOO_LARGE' };
  await expectRefusedEverywhere(`{${' serverInfo { version }'.repeat(490)} }`, { message, extensions });
});

test('the introspection of common tools passes, and a caller below the role in INTROSPECTION is denied it everywhere', async () => {
  const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, oneOf: true });
  expect((await server.data(query)).__schema.queryType.name).toBe('Query');
  const { secret } = await createKey(server, { role: 'VIEWER' });
  const denied = { extensions: { code: 'FORBIDDEN', needed: 'OPERATOR' } };
  expect(await server.error('{ __type(name: "Query") { name } }', {}, secret)).toMatchObject(denied);
  const socket = await speak(server, secret);
  socket.send({ id: '1', type: 'subscribe', payload: { query } });
  expect((await socket.next()).payload[0]).toMatchObject(denied);
  socket.close();
  await expect(stream(server, query, {}, secret).next()).rejects.toThrow(/403/);
  expect((await server.data('{ __typename caller { __typename role } }', {}, secret)).caller.role).toBe('VIEWER');
});

describe('with 1,000 defects', () => {
  beforeAll(async () => {
    const defects = Array.from({ length: 1000 }, (_, i) => ({ code: `D${String(i).padStart(4, '0')}`, name: 'crack' }));
    await server.data(IMPORT, { input: { defects } });
  });

  test('the pairs of a product come by pages, in order, each once', async () => {
    const codes: string[] = [];
    let after: string | null = null;
    do {
      const query =
        'query ($after: String) { product(partNumber: "TILE") { pairs(first: 100, after: $after) { edges { node { coverage defect { code } } } pageInfo { hasNextPage endCursor } } } }';
      const { pairs }: Json = (await server.data(query, { after })).product;
      codes.push(...pairs.edges.map(({ node }: Json) => node.defect.code));
      after = pairs.pageInfo.hasNextPage ? pairs.pageInfo.endCursor : null;
    } while (after !== null);
    expect(codes).toHaveLength(1002);
    expect(codes).toEqual([...new Set(codes)].sort());
  });

  test('the list without pages is priced by what it can return, and refused when it is long', async () => {
    const many =
      '{ products(first: 100) { edges { node { defects { coverage defect { code } } a: defects { coverage defect { code } } } } } }';
    expect((await server.error(many)).extensions).toMatchObject({ code: 'QUERY_TOO_LARGE', limit: 'nodes' });
    const { message, extensions } = await server.error('{ product(partNumber: "TILE") { defects { coverage } } }');
    expect(message).toBe('defects: there are more than 200; use `pairs`, which has pages, or filter by coverage');
    expect(extensions).toMatchObject({ code: 'QUERY_TOO_LARGE', allowed: 200 });
  });

  test('health is answered in the middle of the largest query, and another tenant of the loop does not wait', async () => {
    const products = Array.from({ length: 100 }, (_, i) => ({ partNumber: `P${String(i)}`, name: 'tile' }));
    await server.data(IMPORT, { input: { products } });
    const query =
      '{ products(first: 100) { edges { node { pairs(first: 100) { edges { node { coverage defect { id code name } } } } } } } }';
    let done = false;
    const answer = server.data(query).finally(() => (done = true));
    let answered = 0;
    while (!done) {
      expect((await fetch(new URL('/livez', server.url))).status).toBe(200);
      if (!done) answered += 1;
    }
    expect((await answer).products.edges).toHaveLength(100);
    // Before, the answer was resolved in one turn of the event loop.
    expect(answered).toBeGreaterThan(3);
  });
});

test('the largest answer is bounded in bytes before it is built', async () => {
  const name = 'x'.repeat(200);
  const defects = Array.from({ length: 100 }, (_, i) => ({ code: `B${String(i)}`.padEnd(200, '_'), name }));
  await server.data(IMPORT, { input: { defects } });
  const fields = Array.from({ length: 150 }, () => 'code').join(' ');
  const aliases = Array.from({ length: 48 }, (_, i) => `a${String(i)}: code`).join(' ');
  const page = (first: number): string =>
    `defects(first: ${String(first)}) { edges { node { ${fields} ${aliases} } } }`;
  // Repeated fields are one field of the answer, and aliases are not.
  expect((await server.data(`{ ${page(100)} }`)).defects.edges).toHaveLength(100);
  const large = `{ products(first: 100) { edges { node { pairs(first: 100) { edges { node { defect { ${aliases} } } } } } } } }`;
  const { message, extensions } = await server.error(large);
  expect(message).toBe('The answer is too large: more than 8388608 bytes. Request less at a time.');
  expect(extensions).toMatchObject({ code: 'QUERY_TOO_LARGE', limit: 'bytes' });
  const socket = await speak(server);
  socket.send({ id: '1', type: 'subscribe', payload: { query: large } });
  expect((await socket.next()).payload.errors).toHaveLength(1);
  socket.close();
});

test('what lists without pages return counts as it is resolved', async () => {
  const lists = Array.from({ length: 30 }, (_, i) => `s${String(i)}: models { license { sources { product } } }`);
  const pairs = 'models { vocabulary { pairs { product } } }';
  const answer = await server.ask(`{ ${lists.join(' ')} ${pairs} }`);
  // The bundle of the tests has few pairs: all of this is below the bound, and counted all the same.
  expect(answer.errors).toBeUndefined();
  // A tenant's own models can have many, so one list of them is all that a query may ask for.
  expect(await server.error(`{ ${pairs} again: ${pairs} }`)).toMatchObject({
    message: expect.stringContaining('80080 objects at most'),
    extensions: { code: 'QUERY_TOO_LARGE', limit: 'nodes' },
  });
  expect((await server.data(GENERATE, { input: [QUICK] }, TEST_KEY)).generateDefects).toHaveLength(1);
  expect(server.output()).not.toContain('"level":"error"');
});

test('variables with more errors than are listed are the fault of the caller', async () => {
  const variables = { ids: Array.from({ length: 60 }, () => null) };
  const { errors } = await server.ask('mutation ($ids: [ID!]!) { deleteSamples(ids: $ids) { deletedIds } }', variables);
  const codes = errors?.map(({ extensions }: Json) => extensions.code) ?? [];
  expect([codes.length, ...new Set(codes)]).toEqual([51, 'BAD_USER_INPUT']);
});
