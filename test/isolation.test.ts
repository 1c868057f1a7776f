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
import { identifyingArguments } from './support/identifying.js';
import { grey } from './support/photographs.js';
import { databaseOf } from './support/database.js';
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
}

interface Probe {
  /** With the variable $x, the thing that is named. */
  readonly document: string;
  readonly type: string;
  readonly theirs: (owned: Owned) => string;
  /** A thing of the same kind that nobody has: the answer must be the same. Absent where any answer is the asker's own. */
  readonly nobodys?: string;
}

const byId = (document: string, theirs: Probe['theirs']): Probe => ({
  document,
  type: 'ID!',
  theirs,
  nobodys: NOBODYS,
});
const byCode = (document: string, code: string): Probe => ({
  document,
  type: 'String!',
  theirs: () => code,
  nobodys: 'NOBODYS',
});
const byCursor = (document: string, key: (owned: Owned) => (string | number)[]): Probe => ({
  document,
  type: 'String!',
  theirs: (owned) => cursorOf(key(owned)),
});
const listed = (field: string): string => `{ ${field} { edges { node { id } } pageInfo { endCursor } } }`;
const ofProduct = (field: string): string =>
  `{ products { edges { node { id ${field} { edges { node { id } } } } } } }`;
const drawing = (wish: string): string =>
  `mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: "OWN", ${wish} }]) { id } }`;

/** Where a caller can name a thing: "Type.field(path of the argument)". */
const PROBES: Readonly<Record<string, Probe>> = {
  'Query.generation(id)': byId('{ generation(id: $x) { id } }', ({ generation }) => generation),
  'Query.reference(id)': byId('{ reference(id: $x) { id } }', ({ reference }) => reference),
  'Query.regionMask(id)': byId('{ regionMask(id: $x) { id } }', ({ mask }) => mask),
  'Query.upload(id)': byId('{ upload(id: $x) { id url } }', ({ upload }) => upload),
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
  'Product.samples(after)': byCursor(ofProduct('samples(after: $x)'), ({ generation }) => [generation, 0]),
  'Product.references(after)': byCursor(ofProduct('references(after: $x)'), () => [`f${NOBODYS.slice(1)}`]),
  'Generation.samples(after)': byCursor(
    '{ generations { edges { node { id samples(after: $x) { edges { node { id } } } } } } }',
    ({ generation }) => [generation, 0],
  ),
  'Mutation.cancelGeneration(id)': byId('mutation { cancelGeneration(id: $x) { id } }', ({ generation }) => generation),
  'Mutation.archiveReference(id)': byId('mutation { archiveReference(id: $x) { id } }', ({ reference }) => reference),
  'Mutation.revokeApiKey(id)': byId('mutation { revokeApiKey(id: $x) { id } }', ({ key }) => key),
  'Mutation.createUpload(input.partNumber)': byCode(
    'mutation { createUpload(input: { purpose: REFERENCE, partNumber: $x }) { id } }',
    'FABRIC',
  ),
  'Mutation.generateDefects(input.partNumber)': byCode(
    'mutation { generateDefects(input: [{ partNumber: $x, defectCode: "OWN" }]) { id } }',
    'FABRIC',
  ),
  'Mutation.generateDefects(input.defectCode)': byCode(
    'mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: $x }]) { id } }',
    'HOLE',
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
  'Query.caller': '{ caller { tenant role subject } }',
  'Mutation.createApiKey': 'mutation { createApiKey(input: { name: "x", role: VIEWER }) { apiKey { id } } }',
};
const NUMBERS = ['Subscription.generationEvents(after)'];

let server: Server;
let stranger: string;
let owned: Owned;
let image: string;

beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  const { stdout } = await runTenants(dataDirectory, 'create', 'stranger', '--admin-key');
  stranger = /dd_\S{32}/.exec(stdout)?.[0] ?? '';
  await giveCatalog(dataDirectory);
  server = await startServer({ DATA_DIR: dataDirectory, MODELS_DIR: join(process.cwd(), 'models') });
  owned = await belongings();
  await send(
    server,
    readFileSync('test/photographs/fabric.png'),
    { purpose: 'REFERENCE', partNumber: 'OWN' },
    stranger,
  );
});

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

async function belongings(): Promise<Owned> {
  const wish = { partNumber: 'FABRIC', defectCode: 'HOLE', steps: 2, idempotencyKey: 'the key of the owner' };
  const generation = await finished(server, (await generate(server, wish)).id);
  const upload = await createUpload(server, { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  await put(upload.url, readFileSync('test/photographs/fabric.png'));
  const { reference } = await fetchUpload(server, upload.id);
  const shape = await grey((x) => (x < 9 ? 255 : 0))
    .png()
    .toBuffer();
  const mask = await send(server, shape, MASK);
  const { apiKeys } = await server.data('{ apiKeys { edges { node { id } } } }');
  const [sample] = samplesIn(generation);
  image = sample.image.url;
  return {
    generation: generation.id,
    sample: sample.id,
    reference: reference.id,
    mask: mask.id,
    upload: upload.id,
    key: apiKeys.edges[0].node.id,
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
    expect(extensions.code).toMatch(probe.type === 'ID!' ? /^NOT_FOUND$/ : /^UNKNOWN_(PRODUCT|DEFECT)$/);
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

test('and the owner has everything still, as it was', async () => {
  expect((await fetchGeneration(server, owned.generation)).status).toBe('SUCCEEDED');
  const query = 'query ($id: ID!) { reference(id: $id) { archivedAt } apiKeys { edges { node { revokedAt } } } }';
  const { reference, apiKeys } = await server.data(query, { id: owned.reference });
  expect(reference.archivedAt).toBeNull();
  expect(apiKeys.edges.every(({ node }: Json) => node.revokedAt === null)).toBe(true);
});

describe('over plain HTTP', () => {
  const header = () => ({ headers: { authorization: `Bearer ${stranger}` } });

  test("a stranger's key does not open a picture", async () => {
    const url = new URL(image);
    url.search = '';
    const response = await fetch(url, header());
    expect([response.status, ((await response.json()) as Json).error.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('nor an upload, nor does a signature of its own', async () => {
    const theirs = new URL((await createUpload(server, MASK)).url);
    const own = new URL((await createUpload(server, MASK, stranger)).url);
    own.pathname = theirs.pathname;
    expect((await put(own, Buffer.from('x'))).status).toBe(403);
    theirs.search = '';
    expect((await fetch(theirs, { method: 'PUT', body: 'x', ...header() })).status).toBe(403);
  });
});
