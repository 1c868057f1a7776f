import { openStorage } from '../src/storage/database.js';
import { newId } from '../src/storage/identifiers.js';
import { defects, products } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { addKey, ensureTenant } from '../src/tenants/keys.js';
import { join } from 'node:path';
import {
  CANCEL,
  EVENTS,
  GENERATE,
  QUICK,
  fetchGeneration,
  finished,
  generate,
  samplesIn,
} from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';

const OTHER = 'the-key-of-another-tenant';

let server: Server;
let generation: Json;

beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  await addTenant(dataDirectory);
  server = await startServer({ DATA_DIR: dataDirectory });
  const { id } = await generate(server, { ...QUICK, count: 2, idempotencyKey: 'mine' });
  generation = await finished(server, id);
});

/** With one product and one defect of the same codes as the first tenant's. */
async function addTenant(dataDirectory: string): Promise<void> {
  const storage = await openStorage(join(dataDirectory, 'db'));
  const tenantId = await ensureTenant(storage.database, 'other');
  await addKey(storage.database, tenantId, OTHER, 'CONFIGURED');
  const { database, own } = forTenant(storage.database, tenantId);
  const common = { promptName: 'tile', createdAt: new Date() };
  await database
    .insert(products)
    .values(own({ ...common, id: newId(), partNumber: 'TILE', name: "the other tenant's tile" }));
  await database
    .insert(defects)
    .values(own({ ...common, id: newId(), code: 'CRACK', name: 'crack', promptName: 'crack' }));
  await storage.close();
}

test('each tenant sees its own catalog', async () => {
  const query = '{ products { edges { node { partNumber name } } } defects { edges { node { code } } } }';
  const theirs = await server.data(query, {}, OTHER);
  expect(theirs.products.edges).toEqual([{ node: { partNumber: 'TILE', name: "the other tenant's tile" } }]);
  expect(theirs.defects.edges).toEqual([{ node: { code: 'CRACK' } }]);
  expect((await server.data(query)).products.edges).toHaveLength(2);
});

test("another tenant's generation is not there: not to read, nor to follow, nor to cancel", async () => {
  expect(await fetchGeneration(server, generation.id, OTHER)).toBeNull();
  expect((await server.error(CANCEL, { id: generation.id }, OTHER)).extensions.code).toBe('NOT_FOUND');
  const { value } = await server.subscribe(EVENTS, { id: generation.id }, OTHER).next();
  expect(value.errors[0].extensions.code).toBe('NOT_FOUND');
  const unknown = await server.error(CANCEL, { id: '00000000-0000-7000-8000-000000000000' }, OTHER);
  const theirs = await server.error(CANCEL, { id: generation.id }, OTHER);
  expect(theirs.message.replace(generation.id, '')).toBe(
    unknown.message.replace('00000000-0000-7000-8000-000000000000', ''),
  );
});

test("no list holds another tenant's rows, whatever the filter", async () => {
  const query = `query ($id: ID!) {
    generations { edges { node { id } } }
    samples { edges { node { id } } }
    named: samples(filter: { generationId: $id }) { edges { node { id } } }
    product(partNumber: "TILE") { samples { edges { node { id } } } }
  }`;
  const empty = { edges: [] };
  expect(await server.data(query, { id: generation.id }, OTHER)).toEqual({
    generations: empty,
    samples: empty,
    named: empty,
    product: { samples: empty },
  });
});

test('an idempotency key belongs to its tenant', async () => {
  const theirs = await generate(server, { ...QUICK, count: 1, idempotencyKey: 'mine' }, OTHER);
  expect(theirs.id).not.toBe(generation.id);
});

test("errors name the caller's own catalog only", async () => {
  const { message } = await server.error(GENERATE, { input: [{ ...QUICK, partNumber: 'METAL_NUT' }] }, OTHER);
  expect(message).toBe('input[0].partNumber: there is no product "METAL_NUT"; there are: TILE');
});

test("a signature for one tenant's path does not open another's", async () => {
  const [sample] = samplesIn(generation);
  const mine = new URL(sample.image.url);
  const { id } = await generate(server, QUICK, OTHER);
  for await (const _ of server.subscribe(EVENTS, { id }, OTHER)) void _;
  const [theirSample] = samplesIn(await fetchGeneration(server, id, OTHER));
  const theirs = new URL(theirSample.image.url);
  theirs.pathname = theirs.pathname.replace(/[^/]+$/, mine.pathname.split('/').at(-1) ?? '');
  expect((await fetch(theirs)).status).toBe(403);
});
