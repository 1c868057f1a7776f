/**
 * Another tenant's things are not there. Every place in the schema where a caller can name a thing is tried with a thing
 * of another tenant. A place that is new in the schema fails the first test until it stands in the table below.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObjectType } from 'graphql';
import { createSchema } from '../src/resolvers/schema.js';
import { openStorage } from '../src/storage/open.js';
import { newId } from '../src/storage/identifiers.js';
import { cursorOf } from '../src/storage/pages.js';
import { defects, products } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { tenantList } from '../src/tenants/tenantList.js';
import { fetchGeneration, finished, generate, samplesIn } from './support/generations.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { identifyingArguments } from './support/identifying.js';
import { grey } from './support/photographs.js';
import { databaseOf } from './support/database.js';
import { LOCAL_WEBHOOKS, createWebhook, settled, startReceiver } from './support/receiver.js';
import type { Answer, Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { runTenants, stream } from './support/tenancy.js';
import { MASK, createUpload, fetchUpload, put, send } from './support/uploads.js';

const NOBODYS = '00000000-0000-7000-8000-000000000000';

interface Owned {
  readonly generation: string;
  readonly sample: string;
  readonly reference: string;
  readonly mask: string;
  readonly upload: string;
  readonly key: string;
  readonly export: string;
  readonly webhook: string;
  readonly delivery: string;
}

interface Probe {
  /** With the variable $x, the thing that is named. */
  readonly document: string;
  readonly type: string;
  readonly theirs: (owned: Owned) => string;
  /** A thing of the same kind that nobody has: the answer must be the same. Absent where any answer is the asker's own. */
  readonly nobodys?: string;
  /** Where the answer is an error: its code. */
  readonly code?: string;
}

const byId = (document: string, theirs: Probe['theirs']): Probe => ({
  document,
  type: 'ID!',
  theirs,
  nobodys: NOBODYS,
  code: 'NOT_FOUND',
});
const byCode = (document: string, theirs: string, code = 'NOT_FOUND'): Probe => ({
  document,
  type: 'String!',
  theirs: () => theirs,
  nobodys: 'NOBODYS',
  code,
});
const byCursor = (document: string, key: (owned: Owned) => (string | number)[]): Probe => ({
  document,
  type: 'String!',
  theirs: (owned) => cursorOf(key(owned)),
});
const listed = (field: string): string => `{ ${field} { edges { node { id } } pageInfo { endCursor } } }`;
const ofProduct = (field: string): string =>
  `{ products { edges { node { id ${field} { edges { node { id } } } } } } }`;
const ofGeneration = (field: string): string =>
  `{ generations { edges { node { id ${field} { edges { node { id } } } } } } }`;
/** What the filter lets through is nothing, of which no archive is made. */
const exported = (filter: string): string =>
  `mutation { exportDataset(input: { format: COCO, filter: { ${filter} } }) { id } }`;
const NOTHING = 'BAD_USER_INPUT';
/** Names of another tenant's things are free: one's own are made, and what the other has stays. */
const imported = (items: string, field: string, theirs: string): Probe => ({
  document: `mutation { importCatalog(input: { ${items} }) { ${field} { created updated unchanged } } }`,
  type: 'String!',
  theirs: () => theirs,
  nobodys: 'FREE',
});
const drawing = (wish: string): string =>
  `mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: "OWN", ${wish} }]) { id } }`;

/** Where a caller can name a thing: "Type.field(path of the argument)". */
const PROBES: Readonly<Record<string, Probe>> = {
  'Query.generation(id)': byId('{ generation(id: $x) { id } }', ({ generation }) => generation),
  'Query.reference(id)': byId('{ reference(id: $x) { id } }', ({ reference }) => reference),
  'Query.regionMask(id)': byId('{ regionMask(id: $x) { id } }', ({ mask }) => mask),
  'Query.upload(id)': byId('{ upload(id: $x) { id url } }', ({ upload }) => upload),
  'Query.export(id)': byId('{ export(id: $x) { id archive { url } } }', (own) => own.export),
  'Query.webhook(id)': byId(
    '{ webhook(id: $x) { id deliveries { edges { node { payload } } } } }',
    (own) => own.webhook,
  ),
  'Query.defect(code)': byCode('{ defect(code: $x) { id } }', 'HOLE'),
  'Query.products(filter.search)': byCode(listed('products(filter: { search: $x })'), 'FABRIC'),
  'Query.defects(filter.search)': byCode(listed('defects(filter: { search: $x })'), 'HOLE'),
  'Query.product(partNumber)': byCode('{ product(partNumber: $x) { id } }', 'FABRIC'),
  'Query.samples(filter.generationId)': byId(listed('samples(filter: { generationId: $x })'), (own) => own.generation),
  'Query.samples(filter.referenceId)': byId(listed('samples(filter: { referenceId: $x })'), (own) => own.reference),
  'Query.samples(filter.partNumber)': byCode(listed('samples(filter: { partNumber: $x })'), 'FABRIC'),
  'Query.samples(filter.defectCode)': byCode(listed('samples(filter: { defectCode: $x })'), 'HOLE'),
  'Query.generations(filter.partNumber)': byCode(listed('generations(filter: { partNumber: $x })'), 'FABRIC'),
  'Query.generations(filter.defectCode)': byCode(listed('generations(filter: { defectCode: $x })'), 'HOLE'),
  'Query.samples(after)': byCursor(listed('samples(after: $x)'), ({ generation }) => [generation, 0]),
  'Query.generations(after)': byCursor(listed('generations(after: $x)'), () => [`f${NOBODYS.slice(1)}`]),
  'Query.products(after)': byCursor(listed('products(after: $x)'), () => ['A']),
  'Query.defects(after)': byCursor(listed('defects(after: $x)'), () => ['A']),
  'Query.apiKeys(after)': byCursor(listed('apiKeys(after: $x)'), () => [`f${NOBODYS.slice(1)}`]),
  'Query.exports(after)': byCursor(listed('exports(after: $x)'), () => [`f${NOBODYS.slice(1)}`]),
  'Query.webhooks(after)': byCursor(listed('webhooks(after: $x)'), () => [`f${NOBODYS.slice(1)}`]),
  'Query.aliases(after)': byCursor('{ aliases(after: $x) { edges { node { alias } } } }', () => ['DEFECT', 'a']),
  'Webhook.deliveries(after)': byCursor(
    '{ webhooks { edges { node { id deliveries(after: $x) { edges { node { id payload } } } } } } }',
    () => [`f${NOBODYS.slice(1)}`],
  ),
  'Product.samples(filter.generationId)': byId(
    ofProduct('samples(filter: { generationId: $x })'),
    ({ generation }) => generation,
  ),
  'Product.samples(filter.referenceId)': byId(
    ofProduct('samples(filter: { referenceId: $x })'),
    ({ reference }) => reference,
  ),
  'Product.samples(filter.partNumber)': byCode(ofProduct('samples(filter: { partNumber: $x })'), 'FABRIC'),
  'Product.samples(filter.defectCode)': byCode(ofProduct('samples(filter: { defectCode: $x })'), 'HOLE'),
  'Generation.samples(filter.generationId)': byId(
    ofGeneration('samples(filter: { generationId: $x })'),
    ({ generation }) => generation,
  ),
  'Generation.samples(filter.referenceId)': byId(
    ofGeneration('samples(filter: { referenceId: $x })'),
    ({ reference }) => reference,
  ),
  'Generation.samples(filter.partNumber)': byCode(ofGeneration('samples(filter: { partNumber: $x })'), 'FABRIC'),
  'Generation.samples(filter.defectCode)': byCode(ofGeneration('samples(filter: { defectCode: $x })'), 'HOLE'),
  'Product.samples(after)': byCursor(ofProduct('samples(after: $x)'), ({ generation }) => [generation, 0]),
  'Product.references(after)': byCursor(ofProduct('references(after: $x)'), () => [`f${NOBODYS.slice(1)}`]),
  'Generation.samples(after)': byCursor(ofGeneration('samples(after: $x)'), ({ generation }) => [generation, 0]),
  'Mutation.cancelGeneration(id)': byId('mutation { cancelGeneration(id: $x) { id } }', ({ generation }) => generation),
  'Mutation.archiveReference(id)': byId('mutation { archiveReference(id: $x) { id } }', ({ reference }) => reference),
  'Mutation.revokeApiKey(id)': byId('mutation { revokeApiKey(id: $x) { id } }', ({ key }) => key),
  'Mutation.updateWebhook(id)': byId(
    'mutation { updateWebhook(id: $x, input: { enabled: false }) { id } }',
    ({ webhook }) => webhook,
  ),
  'Mutation.rotateWebhookSecret(id)': byId(
    'mutation { rotateWebhookSecret(id: $x) { secret } }',
    ({ webhook }) => webhook,
  ),
  'Mutation.deleteWebhook(id)': byId('mutation { deleteWebhook(id: $x) { id } }', ({ webhook }) => webhook),
  'Mutation.redeliver(deliveryId)': byId('mutation { redeliver(deliveryId: $x) { id } }', ({ delivery }) => delivery),
  'Mutation.archiveProduct(partNumber)': byCode('mutation { archiveProduct(partNumber: $x) { id } }', 'FABRIC'),
  'Mutation.unarchiveProduct(partNumber)': byCode('mutation { unarchiveProduct(partNumber: $x) { id } }', 'FABRIC'),
  'Mutation.archiveDefect(code)': byCode('mutation { archiveDefect(code: $x) { id } }', 'HOLE'),
  'Mutation.unarchiveDefect(code)': byCode('mutation { unarchiveDefect(code: $x) { id } }', 'HOLE'),
  'Mutation.removeAlias(alias)': byCode('mutation { removeAlias(kind: DEFECT, alias: $x) { alias } }', 'nick'),
  'Mutation.importCatalog(input.products.partNumber)': imported(
    'products: [{ partNumber: $x, name: "taken over", promptName: "asphalt" }]',
    'products',
    'ASPHALT',
  ),
  'Mutation.importCatalog(input.defects.code)': imported(
    'defects: [{ code: $x, name: "taken over", promptName: "crack" }]',
    'defects',
    'CRACK',
  ),
  'Mutation.importCatalog(input.aliases.alias)': imported(
    'aliases: [{ alias: $x, promptName: "crack" }]',
    'aliases',
    'nick',
  ),
  'Mutation.exportDataset(input.filter.generationId)': {
    ...byId(exported('generationId: $x'), ({ generation }) => generation),
    code: NOTHING,
  },
  'Mutation.exportDataset(input.filter.referenceId)': {
    ...byId(exported('referenceId: $x'), ({ reference }) => reference),
    code: NOTHING,
  },
  'Mutation.exportDataset(input.filter.partNumber)': byCode(exported('partNumber: $x'), 'FABRIC', NOTHING),
  'Mutation.exportDataset(input.filter.defectCode)': byCode(exported('defectCode: $x'), 'HOLE', NOTHING),
  'Mutation.exportDataset(input.idempotencyKey)': {
    document: 'mutation { exportDataset(input: { format: COCO, idempotencyKey: $x }) { id } }',
    type: 'String!',
    theirs: () => 'the key of the owner',
  },
  'Mutation.createUpload(input.partNumber)': byCode(
    'mutation { createUpload(input: { purpose: REFERENCE, partNumber: $x }) { id } }',
    'FABRIC',
    'UNKNOWN_PRODUCT',
  ),
  'Mutation.generateDefects(input.partNumber)': byCode(
    'mutation { generateDefects(input: [{ partNumber: $x, defectCode: "OWN" }]) { id } }',
    'FABRIC',
    'UNKNOWN_PRODUCT',
  ),
  'Mutation.generateDefects(input.defectCode)': byCode(
    'mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: $x }]) { id } }',
    'HOLE',
    'UNKNOWN_DEFECT',
  ),
  'Mutation.generateDefects(input.idempotencyKey)': {
    document: drawing('idempotencyKey: $x'),
    type: 'String!',
    theirs: () => 'the key of the owner',
  },
  'Mutation.generateDefects(input.reference.id)': byId(drawing('reference: { id: $x }'), ({ reference }) => reference),
  'Mutation.generateDefects(input.reference.sampleId)': byId(
    drawing('reference: { sampleId: $x }'),
    ({ sample }) => sample,
  ),
  'Mutation.generateDefects(input.region.maskId)': byId(
    drawing('reference: { anyOfProduct: true }, region: { maskId: $x }'),
    ({ mask }) => mask,
  ),
  'Mutation.generateDefects(input.allowedArea.maskId)': byId(
    drawing('reference: { anyOfProduct: true }, allowedArea: { maskId: $x }'),
    ({ mask }) => mask,
  ),
  'Subscription.generationEvents(id)': byId(
    'subscription { generationEvents(id: $x) { __typename } }',
    ({ generation }) => generation,
  ),
};

/** Root fields with which nothing can be named, and arguments that only look as if. */
const NAMELESS: Readonly<Record<string, string>> = {
  'Query.serverInfo': '{ serverInfo { version devices { device } } }',
  'Query.models': '{ models { id } }',
  'Query.usage': '{ usage { concurrentGenerations { used } storedBytes { used } } }',
  'Query.builtInAliases': '{ builtInAliases { alias promptName } }',
  'Query.caller': '{ caller { tenant role subject } }',
  'Mutation.createApiKey': 'mutation { createApiKey(input: { name: "x", role: VIEWER }) { apiKey { id } } }',
  'Mutation.createWebhook':
    'mutation { createWebhook(input: { url: "http://127.0.0.1:9/", events: [SAMPLE_READY] }) { webhook { id } } }',
};
const NUMBERS = ['Subscription.generationEvents(after)'];

let server: Server;
let stranger: string;
let newcomer: string;
let owned: Owned;
/** URLs of the owner's, by what they open. */
let urls: Readonly<Record<string, string>>;

beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  [stranger, newcomer] = [await newTenant(dataDirectory, 'stranger'), await newTenant(dataDirectory, 'newcomer')];
  await giveCatalog(dataDirectory);
  const models = { MODELS_DIR: join(process.cwd(), 'models') };
  server = await startServer({ DATA_DIR: dataDirectory, ...models, ...LOCAL_WEBHOOKS });
  const { url } = await startReceiver();
  owned = await belongings(url);
  await strangersOwn(url);
}, 180_000);

async function newTenant(dataDirectory: string, name: string): Promise<string> {
  const { stdout } = await runTenants(dataDirectory, 'create', name, '--admin-key');
  return /dd_\S{32}/.exec(stdout)?.[0] ?? '';
}

/** One product and one defect, so that what the stranger asks for fails at nothing but another tenant's thing. */
async function giveCatalog(dataDirectory: string): Promise<void> {
  const storage = await openStorage(await databaseOf(dataDirectory));
  const { id: tenantId } = await tenantList(storage.database).require('stranger');
  const { database, own } = forTenant(storage.database, tenantId);
  const row = { name: 'their own', createdAt: new Date() };
  await database.insert(products).values(own({ ...row, id: newId(), partNumber: 'OWN', promptName: 'fabric' }));
  await database.insert(defects).values(own({ ...row, id: newId(), code: 'OWN', promptName: 'hole' }));
  await storage.close();
}

/** Something of each kind, so that an answer that is too wide would be seen. */
async function strangersOwn(receiver: string): Promise<void> {
  await createWebhook(server, receiver, ['GENERATION_STARTED'], stranger);
  const photograph = { purpose: 'REFERENCE', partNumber: 'OWN' };
  await send(server, readFileSync('test/photographs/fabric.png'), photograph, stranger);
  await generate(server, { partNumber: 'OWN', defectCode: 'OWN', steps: 10, seed: 2 }, stranger);
  const drawn = '{ samples(filter: { areaFraction: { min: 0.0001 } }) { edges { node { id } } } }';
  while ((await server.data(drawn, {}, stranger)).samples.edges.length === 0)
    await new Promise((go) => setTimeout(go, 50));
}

async function belongings(receiver: string): Promise<Owned> {
  const { id: webhook } = await createWebhook(server, receiver, ['GENERATION_SUCCEEDED']);
  const wish = { partNumber: 'FABRIC', defectCode: 'HOLE', steps: 10, seed: 2, idempotencyKey: 'the key of the owner' };
  const generation = await finished(server, (await generate(server, wish)).id);
  const upload = await createUpload(server, { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  await put(upload.url, readFileSync('test/photographs/fabric.png'));
  const { reference } = await fetchUpload(server, upload.id);
  const shape = await grey((x) => (x < 9 ? 255 : 0))
    .png()
    .toBuffer();
  const mask = await send(server, shape, MASK);
  const { apiKeys } = await server.data('{ apiKeys { edges { node { id } } } }');
  await server.data(
    'mutation { importCatalog(input: { aliases: [{ alias: "nick", promptName: "hole" }] }) { warnings { field } } }',
  );
  const [sample] = samplesIn(generation);
  const idempotencyKey = 'the key of the owner';
  const exported = await exportEnded(server, (await exportDataset(server, { format: 'COCO', idempotencyKey })).id);
  const [delivery] = await settled(server, webhook, ({ status }) => status === 'SUCCEEDED');
  urls = {
    picture: sample.image.url,
    mask: sample.mask.url,
    photograph: reference.image.url,
    region: mask.image.url,
    archive: exported.archive.url,
  };
  return {
    generation: generation.id,
    sample: sample.id,
    reference: reference.id,
    mask: mask.id,
    upload: upload.id,
    key: apiKeys.edges[0].node.id,
    export: exported.id,
    webhook,
    delivery: delivery.id,
  };
}

async function answerTo({ document, type }: Probe, x: string): Promise<Answer> {
  const kind = /^(mutation|subscription) /.exec(document)?.[1] ?? 'query';
  const query = `${kind} ($x: ${type}) ${document.slice(document.indexOf('{'))}`;
  if (kind !== 'subscription') return server.ask(query, { x }, stranger);
  const { value } = await server.subscribe(query, { x }, stranger).next();
  const streamed = await stream(server, query, { x }, stranger).next();
  expect(streamed.value).toEqual(value);
  return value;
}

test('every place where a thing can be named, and every root field, is tried here', () => {
  const schema = createSchema();
  const places = identifyingArguments(schema).filter((place) => !NUMBERS.includes(place));
  expect(Object.keys(PROBES).sort()).toEqual(places.sort());
  const roots = ['Query', 'Mutation', 'Subscription'].flatMap((name) => {
    const type = schema.getType(name);
    return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : [];
  });
  const tried = new Set([...Object.keys(PROBES).map((place) => place.split('(')[0]), ...Object.keys(NAMELESS)]);
  expect(roots.filter((root) => !tried.has(root))).toEqual([]);
});

test.each(Object.entries(PROBES))("%s does not reach another tenant's", async (_, probe) => {
  const theirs = probe.theirs(owned);
  const answer = await answerTo(probe, theirs);
  expectNothingOwned(answer, theirs);
  if (probe.nobodys === undefined) return expect(answer.errors).toBeUndefined();
  const asIfNot = JSON.stringify(await answerTo(probe, probe.nobodys)).replaceAll(probe.nobodys, theirs);
  expect(answer).toEqual(JSON.parse(asIfNot));
  for (const { extensions } of answer.errors ?? []) {
    expect(extensions.code).toBe(probe.code);
  }
});

test.each(Object.entries(NAMELESS))('%s tells nothing of another tenant', async (_, document) => {
  const answer = await server.ask(document, {}, stranger);
  expect(answer.errors).toBeUndefined();
  expectNothingOwned(answer, '');
});

function expectNothingOwned(answer: Answer, asked: string): void {
  const said = JSON.stringify(answer).replaceAll(asked === '' ? '\0' : asked, '');
  for (const id of Object.values(owned)) expect(said).not.toContain(id);
}

test("what counts against one tenant's quotas is its own", async () => {
  const usage = '{ usage { concurrentGenerations { used } pixelStepsToday { used } storedBytes { used } } }';
  const nothing = { used: 0 };
  expect((await server.data(usage, {}, newcomer)).usage).toEqual({
    concurrentGenerations: nothing,
    pixelStepsToday: nothing,
    storedBytes: nothing,
  });
});

test('what a catalog does not name is archived in its own tenant only', async () => {
  const items = 'products: [{ partNumber: "ONLY" }], defects: [{ code: "ONLY" }], archiveMissing: true';
  const { importCatalog } = await server.data(
    `mutation { importCatalog(input: { ${items} }) { products { archived } defects { archived } } }`,
    {},
    newcomer,
  );
  expect(importCatalog).toEqual({ products: { archived: 0 }, defects: { archived: 0 } });
});

test('and the owner has everything still, as it was', async () => {
  expect((await fetchGeneration(server, owned.generation)).status).toBe('SUCCEEDED');
  const query = `query ($reference: ID!, $webhook: ID!) {
    reference(id: $reference) { archivedAt } apiKeys { edges { node { revokedAt } } }
    webhook(id: $webhook) { enabled deliveries { edges { node { id status } } } }
    aliases { edges { node { alias promptName } } } exports { edges { node { id status } } }
    products(includeArchived: true, filter: { archived: true }) { edges { node { id } } }
    defects(includeArchived: true, filter: { archived: true }) { edges { node { id } } }
    product(partNumber: "ASPHALT") { name } defect(code: "CRACK") { name }
  }`;
  const { reference, apiKeys, ...rest } = await server.data(query, owned);
  expect(reference.archivedAt).toBeNull();
  expect(apiKeys.edges.every(({ node }: Json) => node.revokedAt === null)).toBe(true);
  const only = (node: object) => ({ edges: [{ node }] });
  expect(rest).toEqual({
    webhook: { enabled: true, deliveries: only({ id: owned.delivery, status: 'SUCCEEDED' }) },
    aliases: only({ alias: 'nick', promptName: 'hole' }),
    exports: only({ id: owned.export, status: 'SUCCEEDED' }),
    products: { edges: [] },
    defects: { edges: [] },
    product: { name: 'asphalt' },
    defect: { name: 'crack' },
  });
});

describe('over plain HTTP', () => {
  const header = () => ({ headers: { authorization: `Bearer ${stranger}` } });

  const outcome = async (url: URL, init = {}): Promise<unknown[]> => {
    const response = await fetch(url, init);
    return [response.status, response.ok ? 'OK' : ((await response.json()) as Json).error.code];
  };
  /** Without the signature, which whoever holds it may use. */
  const bare = (file: string): URL => {
    const url = new URL(urls[file] ?? '');
    url.search = '';
    return url;
  };

  test.each(['picture', 'mask', 'photograph', 'region', 'archive'])(
    "a stranger's key does not open the %s, nor does a signature of its own",
    async (file) => {
      expect(await outcome(new URL(urls[file] ?? ''))).toEqual([200, 'OK']);
      expect(await outcome(bare(file), header())).toEqual([404, 'NOT_FOUND']);
      const { samples } = await server.data('{ samples { edges { node { image { url } } } } }', {}, stranger);
      const own = new URL(samples.edges[0].node.image.url);
      expect(await outcome(own)).toEqual([200, 'OK']);
      // Its own signature for another's file, and another's file as if it were its own.
      const [, tenant, key] = bare(file).pathname.split('/').slice(1);
      const signed = new URL(own);
      signed.pathname = `/artifacts/${tenant ?? ''}/${key ?? ''}`;
      expect(await outcome(signed)).toEqual([403, 'SIGNATURE_INVALID']);
      own.pathname = own.pathname.replace(/[^/]+$/, key ?? '');
      own.search = '';
      expect(await outcome(own, header())).toEqual([404, 'NOT_FOUND']);
    },
  );

  test('nor an upload, nor does a signature of its own', async () => {
    const theirs = new URL((await createUpload(server, MASK)).url);
    const own = new URL((await createUpload(server, MASK, stranger)).url);
    own.pathname = theirs.pathname;
    expect((await put(own, Buffer.from('x'))).status).toBe(403);
    theirs.search = '';
    expect((await fetch(theirs, { method: 'PUT', body: 'x', ...header() })).status).toBe(403);
  });
});
