/** What each role may do, and the keys that have a role. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphQLField } from 'graphql';
import { createSchema } from '../src/resolvers/schema.js';
import { openStorage } from '../src/storage/open.js';
import { apiKeys } from '../src/storage/tables.js';
import { addKey, ensureTenant } from '../src/tenants/provisioning.js';
import { CANCEL, GENERATE, QUICK, generate } from './support/generations.js';
import { databaseOf } from './support/database.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, newDataDirectory, startServer } from './support/server.js';
import { createKey, revokeKey } from './support/tenancy.js';
import { createUpload } from './support/uploads.js';
import { until } from './support/until.js';

const CALLER = '{ caller { tenant role subject expiresAt } }';
const KEYS = '{ apiKeys { edges { node { id name prefix role lastUsedAt revokedAt } } } }';
const REVOKE = 'mutation ($id: ID!) { revokeApiKey(id: $id) { id revokedAt } }';
const OLD_KEY = 'a-key-of-an-older-version';

let server: Server;
let viewer: Json;
let operator: Json;
beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  const storage = await openStorage(await databaseOf(dataDirectory));
  await addKey(storage.database, await ensureTenant(storage.database, 'old'), OLD_KEY, 'GENERATED');
  await storage.close();
  server = await startServer({ DATA_DIR: dataDirectory });
  viewer = await createKey(server, { role: 'VIEWER', name: 'a screen' });
  operator = await createKey(server, { role: 'OPERATOR' });
});

test('every mutation says which role it needs, and none is for viewers', () => {
  const mutations = Object.values(createSchema().getMutationType()?.getFields() ?? {}) as GraphQLField<
    unknown,
    unknown
  >[];
  const declared = mutations.map(({ name, extensions }) => [name, extensions['requiredRole']]);
  expect(declared.length).toBeGreaterThan(0);
  expect(declared.filter(([, needs]) => needs !== 'OPERATOR' && needs !== 'ADMIN')).toEqual([]);
});

test('a caller is told who it is', async () => {
  expect(await server.data(CALLER)).toMatchObject({ caller: { tenant: 'default', role: 'ADMIN', expiresAt: null } });
  expect((await server.data(CALLER, {}, viewer.secret)).caller).toEqual({
    tenant: 'default',
    role: 'VIEWER',
    subject: `key:${viewer.apiKey.id}`,
    expiresAt: null,
  });
});

test('a viewer looks, and changes nothing', async () => {
  const { id } = await generate(server, QUICK);
  const query = 'query ($id: ID!) { generation(id: $id) { id } products { edges { node { id } } } }';
  expect((await server.data(query, { id }, viewer.secret)).generation.id).toBe(id);
  const upload = await createUpload(server);
  for (const [document, variables] of [
    [GENERATE, { input: [QUICK] }],
    [CANCEL, { id }],
    ['mutation { createUpload(input: { purpose: MASK }) { id } }', {}],
    ['query ($id: ID!) { upload(id: $id) { url } }', { id: upload.id }],
    [`mutation { archiveReference(id: "${id}") { id } }`, {}],
    ['mutation { importCatalog(input: { products: [{ partNumber: "X" }] }) { warnings { field } } }', {}],
    ['mutation { removeAlias(kind: DEFECT, alias: "x") { alias } }', {}],
    ['mutation { archiveProduct(partNumber: "TILE") { id } }', {}],
    ['mutation { setAllowedArea(partNumber: "TILE") { id } }', {}],
    ['mutation { unarchiveDefect(code: "CRACK") { id } }', {}],
    ['mutation { exportDataset(input: { format: COCO }) { id } }', {}],
  ] as const) {
    expect(await server.error(document, variables, viewer.secret)).toMatchObject({
      message: "This needs the role OPERATOR; the caller's role is VIEWER.",
      extensions: { code: 'FORBIDDEN', needed: 'OPERATOR', held: 'VIEWER' },
    });
  }
});

test('an operator generates and keeps the catalog, but neither keys nor webhooks', async () => {
  await generate(server, QUICK, operator.secret);
  const change = 'importCatalog(input: { products: [{ partNumber: "NEW" }] }) { products { created } }';
  await server.data(`mutation { ${change} archiveProduct(partNumber: "NEW") { id } }`, {}, operator.secret);
  for (const document of [
    KEYS,
    'mutation { createApiKey(input: { name: "x", role: ADMIN }) { secret } }',
    `mutation { revokeApiKey(id: "${viewer.apiKey.id}") { id } }`,
    '{ webhooks { edges { node { id } } } }',
    `{ webhook(id: "${viewer.apiKey.id}") { id } }`,
    'mutation { createWebhook(input: { url: "https://example.com", events: [SAMPLE_READY] }) { secret } }',
    `mutation { redeliver(deliveryId: "${viewer.apiKey.id}") { id } }`,
  ]) {
    const { extensions } = await server.error(document, {}, operator.secret);
    expect(extensions).toMatchObject({ code: 'FORBIDDEN', needed: 'ADMIN', held: 'OPERATOR' });
  }
});

test('a key is shown once, and known by its first characters after that', async () => {
  expect(viewer.secret).toMatch(/^dd_[\w-]{32}$/);
  expect(viewer.apiKey).toMatchObject({ name: 'a screen', role: 'VIEWER', revokedAt: null, lastUsedAt: null });
  expect(viewer.apiKey.prefix).toBe(viewer.secret.slice(0, 11));
  await server.data(CALLER, {}, viewer.secret);
  const keys = (await server.data(KEYS)).apiKeys.edges.map(({ node }: Json) => node);
  const { apiKey } = await server.data(
    `{ apiKey(id: "${keys[0].id as string}") { id name prefix role lastUsedAt revokedAt } }`,
  );
  expect(apiKey).toEqual(keys[0]);
  const found = keys.find(({ id }: Json) => id === viewer.apiKey.id);
  expect(Date.now() - new Date(found.lastUsedAt).getTime()).toBeLessThan(60_000);
  expect(JSON.stringify(keys)).not.toContain(viewer.secret.slice(12));
  // A key that a person chose is short, so little of it is shown.
  expect(keys.find(({ name }: Json) => name === 'configured').prefix).toBe(TEST_KEY.slice(0, 3));
});

test('keys come in pages, the newest first', async () => {
  const query =
    'query ($after: String) { apiKeys(first: 1, after: $after) { edges { node { id } } pageInfo { endCursor hasNextPage } } }';
  const ids: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const { edges, pageInfo }: Json = (await server.data(query, { after })).apiKeys;
    ids.push(edges[0].node.id);
    [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
  }
  expect(ids).toEqual([...new Set(ids)].sort().reverse());
  expect(ids.length).toBeGreaterThanOrEqual(3);
});

test('a revoked key is refused from then on, and revoking it again changes nothing', async () => {
  const { secret, apiKey } = await createKey(server, { role: 'OPERATOR' });
  await server.data(CALLER, {}, secret);
  const [first, second] = [await server.data(REVOKE, apiKey), await server.data(REVOKE, apiKey)];
  expect(second).toEqual(first);
  const { message, extensions } = await server.error(CALLER, {}, secret);
  expect([message, extensions.code]).toEqual(['This API key was revoked.', 'UNAUTHENTICATED']);
});

test('a key ends with its time', async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const long = await createKey(server, { role: 'VIEWER', expiresAt: inAnHour });
  expect((await server.data(CALLER, {}, long.secret)).caller.expiresAt).toBe(inAnHour);
  const soon = new Date(Date.now() + 10_000).toISOString();
  const { secret } = await createKey(server, { role: 'VIEWER', expiresAt: soon });
  const errors = await until(async () => (await server.ask(CALLER, {}, secret)).errors);
  expect(errors[0]?.message).toBe('This API key has expired.');
});

test.each([
  [{ name: '' }, /^input\.name: must have 1 to 200 characters, not 0$/],
  [{ expiresAt: '2020-01-01T00:00:00.000Z' }, /^input\.expiresAt: 2020-01-01T00:00:00\.000Z is not in the future$/],
  [{ expiresAt: '+010000-01-01T00:00:00.000Z' }, /input\.expiresAt/],
])('a key of %j is not made', async (input, message) => {
  const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';
  const error = await server.error(create, { input: { name: 'x', role: 'VIEWER', ...input } });
  expect(error.message).toMatch(message);
  expect(error.extensions.code).toBe('BAD_USER_INPUT');
});

test('the configured key is changed where it is configured', async () => {
  const { caller } = await server.data(CALLER);
  const error = await server.error(REVOKE, { id: caller.subject.replace('key:', '') });
  expect(error.message).toMatch(/is the key that DEFECTDIFFU_API_KEY sets; change it there and restart$/);
});

test('the last key that could make others stays, a second one may go', async () => {
  const subject = async (key: string) => (await server.data(CALLER, {}, key)).caller.subject.replace('key:', '');
  const id = await subject(OLD_KEY);
  expect((await server.error(REVOKE, { id }, OLD_KEY)).extensions).toMatchObject({
    code: 'LAST_ADMIN_KEY',
    field: 'id',
  });
  const brief = await createKey(server, { role: 'ADMIN' }, OLD_KEY);
  expect((await server.data(REVOKE, { id }, brief.secret)).revokeApiKey.revokedAt).not.toBeNull();
  expect((await server.error(REVOKE, brief.apiKey, brief.secret)).extensions.code).toBe('LAST_ADMIN_KEY');
});

test('refusals are counted in the log, a line a while, and what was sent is not there', async () => {
  for (let i = 0; i < 20; i++) await server.ask(CALLER, {}, `a-guess-number-${String(i)}`);
  await revokeKey(server, operator.apiKey.id);
  await until(() => server.output().includes('"This API key is not known.":20'));
  expect(server.output()).not.toContain('a-guess-number');
  expect(server.output().match(/"refused"/g)?.length).toBeLessThan(5);
});

test('at rest a key is a keyed hash, also one that an older version wrote, once it was used', async () => {
  await server.stop();
  const { database, close } = await openStorage(await databaseOf(server.dataDirectory));
  const rows = await database.select().from(apiKeys);
  await close();
  const used = rows.filter(({ lastUsedAt }) => lastUsedAt !== null);
  expect(used.map(({ name }) => name)).toEqual(expect.arrayContaining(['generated', 'configured', 'a screen']));
  for (const { hash } of used) expect(hash).toMatch(/^hmac:[0-9a-f]{64}$/);
  const names = readdirSync(server.dataDirectory, { recursive: true, encoding: 'utf8' });
  for (const file of names.map((name) => join(server.dataDirectory, name))) {
    if (statSync(file).isFile()) expect(readFileSync(file, 'latin1')).not.toContain(viewer.secret);
  }
});
