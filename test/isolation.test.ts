/**
 * Another tenant's things do not exist. Every field and argument of the schema that names a thing is tried with a thing
 * of another tenant. A new one fails the first test until support/probes.ts covers it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObjectType } from 'graphql';
import { createSchema } from '../src/resolvers/schema.js';
import { makeBelongings, makeStrangersOwn } from './support/belongings.js';
import type { Browser } from './support/console.js';
import { signIn } from './support/console.js';
import { sendArchive } from './support/dataSets.js';
import { fetchGeneration } from './support/generations.js';
import { identifyingArguments } from './support/identifying.js';
import { zipOf } from './support/models.js';
import type { Owned, Probe } from './support/probeKinds.js';
import { BEHIND, NAMELESS, NUMBERS } from './support/nameless.js';
import { PROBES } from './support/probes.js';
import { LOCAL_WEBHOOKS, startReceiver } from './support/receiver.js';
import type { Answer, Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { giveCatalog, newTenant } from './support/stranger.js';
import { createKey, stream } from './support/tenancy.js';
import { FAKE_TRAINER } from './support/trainings.js';
import { MASK, createUpload, put } from './support/uploads.js';

let server: Server;
let stranger: string;
let newcomer: string;
/** The stranger's, signed in to the console. */
let browser: Browser;
let owned: Owned;
/** The owner's URLs, by what they open. */
let urls: Readonly<Record<string, string>>;

beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  [stranger, newcomer] = [await newTenant(dataDirectory, 'stranger'), await newTenant(dataDirectory, 'newcomer')];
  await giveCatalog(dataDirectory);
  const models = { MODELS_DIR: join(process.cwd(), 'models') };
  server = await startServer({ DATA_DIR: dataDirectory, ...models, ...LOCAL_WEBHOOKS, ...FAKE_TRAINER });
  const { url } = await startReceiver();
  browser = await signIn(server, stranger);
  ({ owned, urls } = await makeBelongings(server, url));
  await makeStrangersOwn(server, url, stranger);
});

/** By key over every transport, and by the session of the console. */
async function answerTo({ document, type }: Probe, x: string): Promise<Answer> {
  const kind = /^(mutation|subscription) /.exec(document)?.[1] ?? 'query';
  const query = `${kind} ($x: ${type}) ${document.slice(document.indexOf('{'))}`;
  if (kind !== 'subscription') {
    const answer = await server.ask(query, { x }, stranger);
    const signedIn = await browser.ask(query, { x });
    expect(signedIn.errors).toEqual(answer.errors);
    expectNothingOwned(signedIn, x);
    return answer;
  }
  const { value } = await server.subscribe(query, { x }, stranger).next();
  const streamed = await stream(server, query, { x }, stranger).next();
  expect(streamed.value).toEqual(value);
  expect((await browser.subscribe(query, { x }).next()).value).toEqual(value);
  return value;
}

test('every place where a thing can be named, and every root field, is tried here', () => {
  const schema = createSchema();
  const places = identifyingArguments(schema).filter((place) => ![...NUMBERS, ...BEHIND].includes(place));
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
  const answer = document.startsWith('subscription')
    ? ((await server.subscribe(document, {}, stranger).next()).value as Answer)
    : await server.ask(document, {}, stranger);
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

test('node finds whatever has an id, as what it is, and for a viewer only what a viewer can query', async () => {
  const node = 'query ($id: ID!) { node(id: $id) { __typename id } }';
  const typeOf = async (id: string, key?: string) => (await server.data(node, { id }, key)).node?.__typename ?? null;
  // prettier-ignore
  const types = {
    generation: 'Generation', sample: 'Sample', reference: 'Reference', mask: 'RegionMask', donor: 'Reference',
    upload: 'Upload', key: 'ApiKey', export: 'Export', dataSet: 'DataSet', training: 'Training', webhook: 'Webhook', delivery: 'WebhookDelivery',
  };
  const { secret } = await createKey(server, { role: 'VIEWER' });
  const closed = ['upload', 'key', 'webhook', 'delivery'];
  for (const [name, type] of Object.entries(types)) {
    const id = owned[name as keyof typeof types];
    expect([name, await typeOf(id)]).toEqual([name, type]);
    expect([name, await typeOf(id, secret)]).toEqual([name, closed.includes(name) ? null : type]);
  }
  const { products, defects } = await server.data('{ products { edges { node { id } } } defects { edges { node { id } } } }'); // prettier-ignore
  expect(await typeOf(products.edges[0].node.id)).toBe('Product');
  expect(await typeOf(defects.edges[0].node.id)).toBe('Defect');
  expect([await typeOf(owned.model), await typeOf(owned.model, secret)]).toEqual(['Model', 'Model']);
  const { models } = await server.data('{ models { id visibility } }', {}, newcomer);
  const [{ id: shared }] = models;
  expect([await typeOf(shared), await typeOf(shared, stranger)]).toEqual(['Model', 'Model']);
  // Another tenant's, and what does not stand for one version for ever.
  expect(await typeOf(owned.model, stranger)).toBeNull();
  for (const name of ['production', 'surfaces-small', 'surfaces-small@', '@', 'a\0b@1.0.0'])
    expect(await typeOf(name)).toBeNull();
  expect(await typeOf('not an id')).toBeNull();
});

test('and the owner has everything still, as it was', async () => {
  expect((await fetchGeneration(server, owned.generation)).status).toBe('SUCCEEDED');
  const query = `query ($reference: ID!, $webhook: ID!) {
    reference(id: $reference) { archivedAt } apiKeys { edges { node { revokedAt } } }
    webhook(id: $webhook) { enabled deliveries { edges { node { id status } } } }
    aliases { edges { node { alias promptName } } } exports { edges { node { id status } } }
    dataSets { edges { node { id deletedAt } } } trainings { edges { node { id status isPublishable } } }
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
    dataSets: only({ id: owned.dataSet, deletedAt: null }),
    trainings: only({ id: owned.training, status: 'SUCCEEDED', isPublishable: true }),
    products: { edges: [] },
    defects: { edges: [] },
    product: { name: 'asphalt' },
    defect: { name: 'crack' },
  });
});

test("an archive does not find another tenant's products and defects", async () => {
  const picture = readFileSync('test/photographs/fabric.png');
  const archive = (product: string, defect: string) =>
    zipOf({
      [`${product}/test/${defect}/1.png`]: picture,
      [`${product}/ground_truth/${defect}/1_mask.png`]: 'not read before',
    });
  const problems = async (product: string, defect: string): Promise<string> => {
    const { status, body } = await sendArchive(server, await archive(product, defect), { name: 'tried' }, newcomer);
    expect(status).toBe(422);
    return JSON.stringify(body);
  };
  const asIfNot = (await problems('NOBODYS', 'NOTHING')).replaceAll('NOBODYS', 'FABRIC').replaceAll('NOTHING', 'HOLE');
  const answer = await problems('FABRIC', 'HOLE');
  expect(answer).toBe(asIfNot);
  expect(answer).toContain('is no product of yours');
  expect(answer).toContain('is no defect of yours');
});

describe('over plain HTTP', () => {
  const header = () => ({ headers: { authorization: `Bearer ${stranger}` } });

  const outcome = async (url: URL, init = {}): Promise<unknown[]> => {
    const response = await fetch(url, init);
    return [response.status, response.ok ? 'OK' : ((await response.json()) as Json).error.code];
  };
  /** Without the signature, which whoever has the URL may use. */
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
      // A valid signature for another's file, and another's file under the caller's own tenant.
      const [, tenant, key] = bare(file).pathname.split('/').slice(1);
      const signed = new URL(own);
      signed.pathname = `/artifacts/${tenant ?? ''}/${key ?? ''}`;
      expect(await outcome(signed)).toEqual([403, 'SIGNATURE_INVALID']);
      own.pathname = own.pathname.replace(/[^/]+$/, key ?? '');
      own.search = '';
      expect(await outcome(own, header())).toEqual([404, 'NOT_FOUND']);
    },
  );

  test.each(['picture', 'mask', 'photograph', 'region', 'archive'])(
    "a stranger's console session does not open the %s",
    async (file) => {
      const { pathname } = bare(file);
      expect((await browser.fetch(pathname)).status).toBe(404);
      expect((await browser.fetch(pathname, { headers: { cookie: '' } })).status).toBe(403);
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
