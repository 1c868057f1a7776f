import { openStorage } from '../src/storage/open.js';
import { newId } from '../src/storage/identifiers.js';
import { defects, products } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { addKey, ensureTenant } from '../src/tenants/provisioning.js';
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
import { grey, photograph } from './support/photographs.js';
import { databaseOf } from './support/database.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { MASK, PHOTOGRAPH, createUpload, fetchUpload, put, send } from './support/uploads.js';

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
  const storage = await openStorage(await databaseOf(dataDirectory));
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

test("another tenant's catalog is neither imported into nor archived, and aliases are each tenant's own", async () => {
  const input = {
    products: [{ partNumber: 'TILE', name: 'theirs', promptName: 'tile' }],
    aliases: [{ alias: 'dull', promptName: 'crack' }],
    archiveMissing: true,
  };
  const query = 'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { archived } } }';
  expect((await server.data(query, { input }, OTHER)).importCatalog.products.archived).toBe(0);
  const { code } = (await server.error('mutation { archiveProduct(partNumber: "METAL_NUT") { id } }', {}, OTHER))
    .extensions;
  expect(code).toBe('NOT_FOUND');
  const { product, products, aliases } = await server.data(
    '{ product(partNumber: "TILE") { name } products { edges { node { partNumber } } } aliases { edges { cursor } } }',
  );
  expect([product.name, products.edges.length, aliases.edges.length]).toEqual(['tile', 2, 0]);
  const remove = 'mutation { removeAlias(kind: DEFECT, alias: "dull") { alias } }';
  expect((await server.error(remove)).extensions.code).toBe('NOT_FOUND');
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

describe("another tenant's photographs and masks", () => {
  const file = () => photograph(1).png().toBuffer();
  const shape = () =>
    grey((x) => (x < 9 ? 255 : 0))
      .png()
      .toBuffer();
  let upload: Json;
  let reference: Json;
  let mask: Json;

  beforeAll(async () => {
    upload = await createUpload(server, { ...PHOTOGRAPH, name: 'mine' });
    await put(upload.url, await file());
    ({ reference } = await fetchUpload(server, upload.id));
    mask = await send(server, await shape(), MASK);
  });

  test('are not there: not to read, nor to archive, nor to list', async () => {
    const query = `query ($upload: ID!, $reference: ID!, $mask: ID!) {
      upload(id: $upload) { id } reference(id: $reference) { id } regionMask(id: $mask) { id }
      product(partNumber: "TILE") { references(includeArchived: true) { edges { node { id } } } }
    }`;
    const ids = { upload: upload.id, reference: reference.id, mask: mask.id };
    expect(await server.data(query, ids, OTHER)).toEqual({
      upload: null,
      reference: null,
      regionMask: null,
      product: { references: { edges: [] } },
    });
    const archive = 'mutation ($id: ID!) { archiveReference(id: $id) { id } }';
    const unknown = '00000000-0000-7000-8000-000000000000';
    const [theirs, nobodys] = [reference.id, unknown].map((id) => server.error(archive, { id }, OTHER));
    expect(await theirs).toMatchObject({
      message: (await nobodys)?.message.replace(unknown, reference.id),
      extensions: { code: 'NOT_FOUND', field: 'id' },
    });
    expect((await fetchUpload(server, upload.id)).reference.archivedAt).toBeNull();
  });

  test('are not what their own become, though the pixels are the same', async () => {
    const theirs = await send(server, await file(), PHOTOGRAPH, OTHER);
    expect(theirs).toMatchObject({ name: null, product: { partNumber: 'TILE' } });
    expect(theirs.id).not.toBe(reference.id);
    expect((await send(server, await shape(), MASK, OTHER)).id).not.toBe(mask.id);
  });

  test("cannot be sent for them: a signature for one tenant's upload does not open another's", async () => {
    const url = new URL((await createUpload(server, PHOTOGRAPH, OTHER)).url);
    const tenant = new URL(upload.url).pathname.split('/').at(2) ?? '';
    url.pathname = url.pathname.replace(/uploads\/[^/]+/, `uploads/${tenant}`);
    expect((await put(url, await file())).status).toBe(403);
  });

  test('are of products of their own only', async () => {
    const create = 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id } }';
    const { message } = await server.error(create, { input: { ...PHOTOGRAPH, partNumber: 'METAL_NUT' } }, OTHER);
    expect(message).toBe('input.partNumber: there is no product "METAL_NUT"; there are: TILE');
  });
});
