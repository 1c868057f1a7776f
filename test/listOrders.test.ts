/** Every list of the API: its orders, its pages from either end, and its count. */
import { readFileSync } from 'node:fs';
import { isInputObjectType, isObjectType, getNamedType, isEnumType } from 'graphql';
import { sql } from 'drizzle-orm';
import sharp from 'sharp';
import { aliasesOf } from '../src/catalog/aliases.js';
import { createSchema } from '../src/resolvers/schema.js';
import { openStorage } from '../src/storage/open.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { catalogOf } from './support/catalog.js';
import { createDataSet, sendDefective } from './support/dataSets.js';
import { databaseOf } from './support/database.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { QUICK, finished, generate } from './support/generations.js';
import { LOCAL_WEBHOOKS, createWebhook, deliveriesOf, startReceiver } from './support/receiver.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { createKey } from './support/tenancy.js';
import { FAKE_TRAINER, startTraining } from './support/trainings.js';
import { until } from './support/until.js';
import { send } from './support/uploads.js';

interface List {
  /** The query around the field with its arguments and selection. */
  readonly around: (field: string) => string;
  readonly node: string;
}

const top = (field: string): string => `{ ${field} }`;
const inProduct = (field: string): string => `{ product(partNumber: "TILE") { ${field} } }`;
const LISTS: Readonly<Record<string, List>> = {
  'Query.products': { around: top, node: 'partNumber name createdAt updatedAt' },
  'Query.defects': { around: top, node: 'code name createdAt updatedAt' },
  'Query.aliases': { around: top, node: 'kind alias' },
  'Query.generations': { around: top, node: 'id' },
  'Query.samples': { around: top, node: 'index generation { id }' },
  'Query.exports': { around: top, node: 'id' },
  'Query.apiKeys': { around: top, node: 'id' },
  'Query.webhooks': { around: top, node: 'id' },
  'Query.dataSets': { around: top, node: 'id' },
  'Query.trainings': { around: top, node: 'id' },
  'Product.pairs': { around: inProduct, node: 'defect { code }' },
  'Product.samples': { around: inProduct, node: 'index generation { id }' },
  'Product.references': { around: inProduct, node: 'id' },
  'Generation.samples': {
    around: (field) => `{ generations(last: 1) { edges { node { ${field} } } } }`,
    node: 'index',
  },
  'DataSet.members': { around: (field) => `{ dataSets(first: 1) { edges { node { ${field} } } } }`, node: 'position' },
  'Webhook.deliveries': { around: (field) => `{ webhooks(last: 1) { edges { node { ${field} } } } }`, node: 'id' },
};

const schema = createSchema();

/** The fields of `orderBy`, by the list. */
const ORDERS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .flatMap((type) => Object.values(type.getFields()).map((field) => [type.name, field] as const))
    .filter(([, { type }]) => getNamedType(type).name.endsWith('Connection'))
    .map(([type, { name, args }]) => {
      const input = args.map((argument) => getNamedType(argument.type)).find(({ name: one }) => one.endsWith('Order'));
      const field = isInputObjectType(input) ? getNamedType(input.getFields()['field']?.type) : undefined;
      return [`${type}.${name}`, isEnumType(field) ? field.getValues().map((value) => value.name) : []];
    }),
);

let server: Server;

beforeAll(async () => {
  server = await startServer({ ...LOCAL_WEBHOOKS, ...FAKE_TRAINER });
  const { url } = await startReceiver();
  for (let i = 0; i < 3; i++) {
    const { id } = await createWebhook(server, url, ['GENERATION_STARTED', 'GENERATION_SUCCEEDED']);
    for (let made = 0; i === 0 && made < 3; made++) {
      await finished(server, (await generate(server, { ...QUICK, count: 3 - made })).id);
    }
    // Two for each generation, the one of the oldest webhook.
    if (i === 0) await until(async () => (await deliveriesOf(server, id)).length === 6);
    await createKey(server, { role: 'VIEWER' });
    await exportEnded(server, (await exportDataset(server, { format: 'COCO' })).id);
    const photograph = await sharp(readFileSync('test/photographs/fabric.png')).rotate(90 * i).png().toBuffer(); // prettier-ignore
    await send(server, photograph, { purpose: 'REFERENCE', partNumber: 'TILE' });
    await sendDefective(server, i);
    const { id: dataSetId } = await createDataSet(server, { name: 'tiles', partNumbers: ['TILE'], testShare: 0 });
    await startTraining(server, { dataSetId, name: `refuses-${String(i)}`, version: '1.0.0', minutes: 1 });
    // One import has one time, so that its products and defects are tied by it. Names are tied, too.
    const letters = [...'BA'].map((letter) => `${letter}${String(i)}`);
    const named = (letter: string): string => (letter.startsWith('A') ? 'crack' : 'tile');
    await catalogOf(() => server).importCatalog({
      products: letters.map((partNumber) => ({ partNumber, name: named(partNumber), promptName: 'tile' })),
      defects: letters.map((code) => ({ code, name: named(code), promptName: 'crack' })),
      aliases: letters.map((alias) => ({ alias, promptName: 'crack', kind: 'DEFECT' })),
    });
  }
});

async function pageOf(place: string, args: string): Promise<Json> {
  const { around, node } = LISTS[place] as List;
  const field = `list: ${place.split('.')[1] ?? ''}${args === '' ? '' : `(${args})`}`;
  const selection = `{ totalCount edges { cursor node { ${node} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
  let found = await server.data(around(`${field} ${selection}`));
  while (found.list === undefined) found = found.edges?.[0].node ?? Object.values(found)[0];
  return found.list;
}

/** Every node, by pages of two from one end. */
async function walk(place: string, order: string, end: 'first' | 'last'): Promise<Json[]> {
  const [cursor, more, other] = end === 'first'
    ? (['after', 'hasNextPage', 'hasPreviousPage'] as const)
    : (['before', 'hasPreviousPage', 'hasNextPage'] as const); // prettier-ignore
  const nodes: Json[] = [];
  for (let from: string | undefined; ;) {
    const { edges, pageInfo } = await pageOf(
      place,
      `${order}${end}: 2${from === undefined ? '' : `, ${cursor}: "${from}"`}`,
    );
    expect(pageInfo[other]).toBe(from !== undefined);
    expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges.at(0).cursor, edges.at(-1).cursor]);
    const found = edges.map((edge: Json) => edge.node);
    if (end === 'first') nodes.push(...found);
    else nodes.unshift(...found);
    if (pageInfo[more] !== true) return nodes;
    from = pageInfo[end === 'first' ? 'endCursor' : 'startCursor'];
  }
}

test('every list of the schema is tried here', () => {
  expect(Object.keys(LISTS).sort()).toEqual(Object.keys(ORDERS).sort());
});

test.each(Object.keys(LISTS))(
  '%s has the same pages from either end, in each order, and counts them',
  async (place) => {
    const all = await walk(place, '', 'first');
    expect(all.length).toBeGreaterThanOrEqual(3);
    expect(await walk(place, '', 'last')).toEqual(all);
    expect((await pageOf(place, 'first: 1')).totalCount).toBe(all.length);
    const key = (node: Json): string => JSON.stringify(node);
    for (const field of ORDERS[place] ?? []) {
      const rising = await walk(place, `orderBy: { field: ${field}, direction: ASC } `, 'first');
      expect(rising.map(key).sort()).toEqual(all.map(key).sort());
      for (const direction of ['ASC', 'DESC']) {
        for (const end of ['first', 'last'] as const) {
          const found = await walk(place, `orderBy: { field: ${field}, direction: ${direction} } `, end);
          expect([field, direction, end, found]).toEqual([field, direction, end, direction === 'ASC' ? rising : rising.toReversed()]); // prettier-ignore
        }
      }
    }
  },
);

test.each([
  ['Query.products', 'partNumber'],
  ['Query.defects', 'code'],
])('%s are sorted by name, and by time, and then by code', async (place, code) => {
  for (const [field, of] of [
    ['NAME', 'name'],
    ['CREATED_AT', 'createdAt'],
    ['UPDATED_AT', 'updatedAt'],
  ] as const) {
    const found = await walk(place, `orderBy: { field: ${field}, direction: ASC } `, 'first');
    const keys = found.map((node) => [node[of], node[code]] as const);
    expect(new Set(keys.map(([value]) => value)).size).toBeLessThan(keys.length);
    expect(keys).toEqual(keys.toSorted(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1)));
  }
});

test('a page can lie between two cursors', async () => {
  const { edges } = await pageOf('Query.products', '');
  const between = `after: "${edges[1].cursor}", before: "${edges[4].cursor}"`;
  for (const end of ['first', 'last']) {
    const { edges: found } = await pageOf('Query.products', `${between}, ${end}: 10`);
    expect(found).toEqual(edges.slice(2, 4));
  }
});

test('first with last, sizes out of range, and cursors of another order are refused', async () => {
  const refused = async (args: string) => (await server.error(`{ products(${args}) { totalCount } }`)).message;
  expect(await refused('first: 1, last: 1')).toBe('last: cannot be given with first');
  expect(await refused('last: 101')).toBe('last: 101 is out of range 1 … 100');
  const { edges } = await pageOf('Query.products', 'orderBy: { field: CREATED_AT }');
  for (const args of ['', ', orderBy: { field: NAME }', ', orderBy: { field: UPDATED_AT }']) {
    expect(await refused(`before: "${edges[0].cursor}"${args}`)).toMatch(
      /^before: .* is not a cursor of this list in this order/,
    );
  }
});

test('counting stops at 10,000: one more is null', async () => {
  const storage = await openStorage(await databaseOf(newDataDirectory()));
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'many'));
  const insert = (from: number, to: number) =>
    storage.database.execute(
      sql`insert into alias (tenant_id, kind, key, alias, prompt_name, updated_at)
          select ${scope.tenantId}, 'DEFECT', i::text, i::text, 'crack', now() from generate_series(${from}::int, ${to}::int) i`,
    );
  await insert(1, 10_000);
  expect(await aliasesOf(scope).count({})).toBe(10_000);
  await insert(10_001, 10_001);
  expect(await aliasesOf(scope).count({})).toBeNull();
  await storage.close();
});
