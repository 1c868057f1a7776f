/** Registered operations: called by id without GraphQL, and, by setting, nothing else. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient as createSseClient } from 'graphql-sse';
import { openTrustedDocuments } from '../../src/http/trustedDocuments.js';
import { readConfig } from '../../src/config.js';
import { createSchema } from '../../src/resolvers/schema.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, newFolder, startServer } from '../support/server.js';
import { speak } from '../support/socket.js';

const FIND = 'query Find($part: String!, $first: Int) { product(partNumber: $part) { name samples(first: $first) { edges { node { id } } } } }'; // prettier-ignore
const REQUEST = `mutation Request($part: String!, $defect: String!) {
  generateDefects(input: [{ partNumber: $part, defectCode: $defect, steps: 2 }]) { id status }
}`;
const LIST = 'query List($status: [GenerationStatus!]) { generations(first: 1, filter: { status: $status }) { edges { node { id } } } }'; // prettier-ignore
const FOLLOW = 'subscription Follow($id: ID!) { generationEvents(id: $id) { __typename } }';
const OTHER = '{ caller { role } }';
const REFUSED = { code: 'DOCUMENT_NOT_REGISTERED' };

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

let server: Server;
beforeAll(async () => {
  const folder = folderWith({
    'find-product.graphql': `${FIND}\n`,
    'request-samples.graphql': REQUEST,
    'follow.graphql': FOLLOW,
    'list.graphql': LIST,
    'README.md': 'Not an operation.',
  });
  server = await startServer({ TRUSTED_DOCUMENTS: folder, TRUSTED_DOCUMENTS_ONLY: 'true' });
});

const headers = { authorization: `Bearer ${TEST_KEY}` };
async function get(path: string): Promise<{ status: number; body: Json }> {
  const response = await fetch(`${server.url}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}
async function post(path: string, body: object): Promise<{ status: number; body: Json }> {
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
  const response = await fetch(`${server.url}${path}`, { ...init, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

test('a script calls an operation by its path, with plain parameters or with JSON', async () => {
  const found = { status: 200, body: { data: { product: { name: expect.any(String), samples: { edges: [] } } } } };
  expect(await get('/find-product?part=TILE&first=5')).toEqual(found);
  expect(await get(`/find-product?variables=${encodeURIComponent('{"part":"TILE"}')}`)).toEqual(found);
  expect(await post('/find-product', { variables: { part: 'TILE' } })).toEqual(found);
  expect((await get('/find-product?part=TILE&first=many')).body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  const { body } = await post('/request-samples', { variables: { part: 'TILE', defect: 'CRACK' } });
  expect(body.data.generateDefects).toEqual([{ id: expect.any(String), status: 'QUEUED' }]);
  expect((await get('/request-samples?part=TILE&defect=CRACK')).status).toBe(405);
  // A list is a parameter for each item, or JSON; what is given is never left out.
  expect((await get('/list')).body.data.generations.edges).toHaveLength(1);
  for (const none of ['status=CANCELED', 'status=CANCELED&status=FAILED', 'status=["CANCELED","FAILED"]'])
    expect((await get(`/list?${none}`)).body.data.generations.edges).toEqual([]);
  expect((await get('/find-product?part=TILE&part=METAL_NUT')).body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
});

test('a client names it by documentId, by its hash, or as Apollo Client names a persisted query', async () => {
  const variables = { part: 'TILE' };
  const sha256Hash = createHash('sha256').update(FIND).digest('hex');
  for (const naming of [
    { documentId: 'find-product' },
    { documentId: `sha256:${sha256Hash}` },
    { extensions: { persistedQuery: { version: 1, sha256Hash } } },
    { query: FIND },
  ])
    expect((await post('', { ...naming, variables })).body.data.product.samples).toEqual({ edges: [] });
  expect((await get(`?documentId=find-product&variables=${encodeURIComponent('{"part":"TILE"}')}`)).status).toBe(200);
});

test('a subscription has an id too, over event streams and WebSocket', async () => {
  const { body } = await post('/request-samples', { variables: { part: 'TILE', defect: 'CRACK' } });
  const [{ id }] = body.data.generateDefects;
  const response = await fetch(`${server.url}/follow?id=${id}`, {
    headers: { ...headers, accept: 'text/event-stream' },
  });
  expect(await response.text()).toContain('"__typename":"GenerationSucceeded"');
  const speaker = await speak(server);
  speaker.send({ id: 'x', type: 'subscribe', payload: { query: '', documentId: 'follow', variables: { id } } });
  expect(await speaker.next()).toMatchObject({ id: 'x', type: 'next', payload: { data: expect.any(Object) } });
  speaker.close();
});

test('who has no key learns neither which ids nor which texts are registered', async () => {
  const asked = [
    ...['/find-product', '/unknown'].flatMap(
      (path) =>
        [
          [path, {}],
          [path, { method: 'POST', body: '{}' }],
        ] as const,
    ),
    ...['find-product', 'unknown'].map((id) => [`?documentId=${id}`, {}] as const),
    ...['find-product', 'unknown'].map((id) => [`/stream?documentId=${id}`, {}] as const),
    ...[FIND, OTHER].map((query) => [`?query=${encodeURIComponent(query)}`, {}] as const),
  ];
  const answers = await Promise.all(
    asked.map(async ([path, init]) => {
      const anonymous = { 'content-type': 'application/json', 'apollo-require-preflight': 'yes' };
      const response = await fetch(`${server.url}${path}`, { ...init, headers: anonymous });
      return { status: response.status, text: await response.text() };
    }),
  );
  expect(answers[0]).toEqual({ status: 401, text: expect.stringContaining('UNAUTHENTICATED') });
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

test('nothing else is taken, over any transport', async () => {
  expect(await post('', { query: OTHER })).toMatchObject({ status: 403, body: { errors: [{ extensions: REFUSED }] } });
  expect((await get(`?query=${encodeURIComponent(OTHER)}`)).status).toBe(403);
  expect((await get(`/stream?query=${encodeURIComponent(OTHER)}`)).status).toBe(403);
  expect((await post('/unknown', {})).status).toBe(403);
  expect((await post('', { documentId: '../find-product' })).status).toBe(403);
  expect((await post('', { documentId: 'find-product', query: OTHER })).body.errors[0].message).toContain('$part');
  expect((await fetch(`${server.url}/find-product?part=TILE`)).status).toBeGreaterThanOrEqual(400);
  const single = createSseClient({ url: server.url, headers, singleConnection: true, retryAttempts: 0 });
  await expect(single.iterate({ query: OTHER }).next()).rejects.toThrow();
  single.dispose();
  const speaker = await speak(server);
  speaker.send({ id: 'y', type: 'subscribe', payload: { query: OTHER } });
  expect(await speaker.next()).toMatchObject({ id: 'y', type: 'error', payload: [{ extensions: REFUSED }] });
  speaker.close();
});

test.each([
  ['a syntax error', { 'a.graphql': '{ oops' }, /^TRUSTED_DOCUMENTS: a\.graphql: Syntax Error/],
  ['an unknown field', { 'a.graphql': '{ nothing }' }, /^TRUSTED_DOCUMENTS: a\.graphql: Cannot query field "nothing"/],
  [
    'two operations',
    { 'a.graphql': `query A ${OTHER} query B ${OTHER}` },
    /a\.graphql: must have one operation, has 2/,
  ],
  ['no files', {}, /has no file with a name such as find-product\.graphql/],
])('a folder with %s is refused at the start', (_, files, message) => {
  const open = () => openTrustedDocuments({ folder: folderWith(files), only: false }, createSchema());
  expect(open).toThrow(message);
});

test('only registered operations need a folder, and leave no room for the MCP server', () => {
  expect(() => readConfig({ TRUSTED_DOCUMENTS_ONLY: 'true' })).toThrow(/needs TRUSTED_DOCUMENTS/);
  const all = { TRUSTED_DOCUMENTS_ONLY: 'true', TRUSTED_DOCUMENTS: 'x', MCP: 'true' };
  expect(() => readConfig(all)).toThrow(/cannot be combined with MCP/);
});
