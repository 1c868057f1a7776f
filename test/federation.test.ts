/** FEDERATION=true: the API as a subgraph, composed with another one, and its entities over HTTP. */
import { composeServices } from '@theguild/federation-composition';
import { isEnumType, isInputObjectType, isObjectType, parse, printType } from 'graphql';
import { readConfig } from '../src/config.js';
import { createSchema } from '../src/resolvers/schema.js';
import { exportDataset } from './support/exports.js';
import { GENERATE, QUICK, finished, samplesIn } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { statementsIn } from './support/statements.js';
import { giveCatalog, newTenant } from './support/stranger.js';
import { createKey } from './support/tenancy.js';

/** What a manufacturing execution system might have: it extends products, and pages as Relay does. */
const ORDERS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
  interface Node { id: ID! }
  type Order implements Node @key(fields: "id") { id: ID! product: Product! quantity: Int! defect: Defect }
  type Product @key(fields: "partNumber") { partNumber: String! orders(first: Int): OrderConnection! }
  type Defect @key(fields: "code") { code: String! }
  type Sample @key(fields: "id") { id: ID! inspectedBy: String }
  type OrderConnection { edges: [OrderEdge!]! pageInfo: PageInfo! }
  type OrderEdge { cursor: String! node: Order! }
  type PageInfo @shareable {
    hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
  }
  type BoundingBox @shareable { x: Int! y: Int! width: Int! height: Int! }
  type Query { orders: OrderConnection! part: BoundingBox }
`;
const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  __typename ... on Node { id } ... on Product { partNumber defects { defect { code } } } ... on Defect { code }
} }`;

let server: Server;
let stranger: string;
let ids: { readonly [Name in 'product' | 'defect' | 'generation' | 'model']: string };
beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  stranger = await newTenant(dataDirectory, 'stranger');
  await giveCatalog(dataDirectory);
  server = await startServer({
    DATA_DIR: dataDirectory,
    FEDERATION: 'true',
    INTROSPECTION: 'OPERATOR',
    LOG_LEVEL: 'trace',
  });
  const found = await server.data('{ product(partNumber: "TILE") { id } defect(code: "CRACK") { id } models { id } }');
  const { generateDefects } = await server.data(GENERATE, { input: [{ ...QUICK, count: 2 }] });
  ids = {
    product: found.product.id,
    defect: found.defect.id,
    generation: generateDefects[0].id,
    model: found.models[0].id,
  };
});

async function entities(representations: readonly object[], key?: string): Promise<Json> {
  return (await server.data(ENTITIES, { representations }, key))._entities;
}

test('the subgraph composes with another that extends its types and has a PageInfo of its own', async () => {
  const { sdl } = (await server.data('{ _service { sdl } }'))._service;
  const { errors, supergraphSdl = '' } = composeServices([
    { name: 'defectdiffu', typeDefs: parse(sdl) },
    { name: 'orders', typeDefs: parse(ORDERS), url: 'http://orders' },
  ]);
  expect(errors ?? []).toEqual([]);
  const joins = (type: string): string => new RegExp(`^type ${type}\\b[^{]*`, 'm').exec(supergraphSdl)?.[0] ?? '';
  for (const [type, key] of [
    ['Product', 'partNumber'],
    ['Product', 'id'],
    ['Defect', 'code'],
    ['Sample', 'id'],
  ] as const)
    // prettier-ignore
    expect(joins(type)).toContain(`graph: DEFECTDIFFU, key: "${key}"`);
  expect(joins('PageInfo')).toMatch(/DEFECTDIFFU[^]*ORDERS/);
  expect(supergraphSdl).toMatch(/products\([^]*?\): ProductConnection! @join__field\(graph: DEFECTDIFFU\)/);
});

test('entities are found by each of their keys, in order, and only those of the caller', async () => {
  const known = [
    { __typename: 'Product', id: ids.product.toUpperCase() },
    { __typename: 'Defect', code: ' CRACK' },
    { __typename: 'Generation', id: ids.generation },
    { __typename: 'Product', partNumber: 'TILE' },
    { __typename: 'Defect', id: ids.defect },
    { __typename: 'Model', id: ids.model },
  ];
  const product = { __typename: 'Product', id: ids.product, partNumber: 'TILE', defects: expect.any(Array) };
  const defect = { __typename: 'Defect', id: ids.defect, code: 'CRACK' };
  const generation = { __typename: 'Generation', id: ids.generation };
  const model = { __typename: 'Model', id: ids.model };
  expect(await entities(known)).toEqual([product, defect, generation, product, defect, model]);
  // The models of the operator are everybody's.
  expect(await entities(known, stranger)).toEqual([null, null, null, null, null, model]);
  const own = [{ __typename: 'Product', partNumber: 'OWN' }];
  expect(await entities(own)).toEqual([null]);
  expect(await entities(own, stranger)).toMatchObject([{ partNumber: 'OWN' }]);
  const { node } = await server.data('query ($id: ID!) { node(id: $id) { id } }', { id: ids.product.toUpperCase() });
  expect(node).toEqual({ id: ids.product });
  const unknown = [
    { __typename: 'Product', id: ids.defect },
    { __typename: 'Product', id: 'no id' },
    { __typename: 'Sample', id: '00000000-0000-7000-8000-000000000000' },
    { __typename: 'Model', id: ids.model.split('@')[0] },
  ];
  expect(await entities(unknown)).toEqual([null, null, null, null]);
});

test.each([
  [{ __typename: 'ApiKey', id: 'x' }, /^representations\[1\]\.__typename: "ApiKey" is none of DataSet, Defect, Export/],
  [{ id: 'x' }, /^representations\[1\]\.__typename: undefined is none of/],
  [{ __typename: 'Product', name: 'x' }, /^representations\[1\]: has no key of Product: id or partNumber$/],
  [{ __typename: 'Product', id: 7 }, /^representations\[1\]\.id: 7 is not a text$/],
  [{ __typename: 'Product', partNumber: 'a\u0000b' }, /^representations\[1\]\.partNumber: /],
  [['Product'], /^representations\[1\]: .* is not an object$/],
])('of many representations, only the one that cannot be read fails: %j', async (bad, message) => {
  const good = { __typename: 'Product', partNumber: 'TILE' };
  const { data, errors } = await server.ask(ENTITIES, { representations: [good, bad, good] });
  expect(data._entities).toMatchObject([{ partNumber: 'TILE' }, null, { partNumber: 'TILE' }]);
  expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('many entities cost one statement for each of their types', async () => {
  const generation = await finished(server, ids.generation);
  const [one, two] = [await exportDataset(server, { format: 'COCO' }), await exportDataset(server, { format: 'COCO' })];
  const all = [
    { __typename: 'Export', id: one.id },
    { __typename: 'Export', id: two.id },
    { __typename: 'Generation', id: generation.id },
    ...samplesIn(generation).map(({ id }: Json) => ({ __typename: 'Sample', id })),
  ];
  const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Node { id } } }';
  const statements = await statementsIn(server, async () => {
    expect((await server.data(query, { of: all }))._entities).toEqual(all.map(({ id }) => ({ id })));
  });
  // And one that finds the types of the ids, over all tables, which `statementsIn` leaves out.
  expect(statements).toHaveLength(3);
});

test('the number of entities, what lies below them, and who reads the schema are bounded', async () => {
  const representations = Array.from({ length: 101 }, () => ({ __typename: 'Product', partNumber: 'TILE' }));
  const extensions = { code: 'BAD_USER_INPUT', field: 'representations', min: 0, max: 100, value: 101 };
  expect(await server.error(ENTITIES, { representations })).toMatchObject({ extensions });
  const products = await entities(representations.slice(1));
  expect(products).toHaveLength(100);
  const wide = ENTITIES.replace('partNumber', 'samples(first: 100) { edges { node { id } } }');
  expect((await server.error(wide, { representations: [] })).extensions).toMatchObject({ code: 'QUERY_TOO_LARGE' });
  const { secret } = await createKey(server, { role: 'VIEWER' });
  expect((await server.error('{ _service { sdl } }', {}, secret)).extensions.code).toBe('FORBIDDEN');
  expect((await entities([{ __typename: 'Product', partNumber: 'TILE' }], secret))[0].id).toBe(ids.product);
});

test('everything else is as without federation: types, resolvers, values, and defaults', () => {
  const [plain, subgraph] = [createSchema(), createSchema({ federation: true })];
  for (const [name, type] of Object.entries(plain.getTypeMap())) {
    if (name.startsWith('__')) continue;
    const same = subgraph.getType(name);
    expect(same && printType(same).replace(/^ {2}_(entities|service).*\n/gm, '')).toBe(printType(type));
    if (isEnumType(type) && isEnumType(same))
      expect(same.getValues().map(({ value }) => value as unknown)).toEqual(type.getValues().map(({ value }) => value as unknown)); // prettier-ignore
    if (isInputObjectType(type) && isInputObjectType(same)) expect(same.isOneOf).toBe(type.isOneOf);
    if (!isObjectType(type) || !isObjectType(same)) continue;
    expect(typeof same.isTypeOf).toBe(typeof type.isTypeOf);
    for (const [fieldName, { resolve, subscribe }] of Object.entries(type.getFields())) {
      const field = same.getFields()[fieldName];
      expect([typeof field?.resolve, typeof field?.subscribe]).toEqual([typeof resolve, typeof subscribe]);
    }
  }
});

test('a service that takes registered operations only cannot be a subgraph', () => {
  const env = { TRUSTED_DOCUMENTS: 'x', TRUSTED_DOCUMENTS_ONLY: 'true', FEDERATION: 'true' };
  expect(() => readConfig(env)).toThrow(/cannot be combined with FEDERATION/);
});
