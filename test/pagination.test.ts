import { GENERATE, QUICK, finished, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
let ids: string[];

beforeAll(async () => {
  server = await startServer();
  const input = Array.from({ length: 5 }, (_, i) => ({ ...QUICK, steps: 1, count: i === 0 ? 5 : 2 }));
  ids = (await server.data(GENERATE, { input })).generateDefects.map(({ id }: Json) => id);
  for (const id of ids) await finished(server, id);
});

/** Every node of a list, read `first` at a time. */
async function walk(
  list: string,
  node: string,
  first: number,
  path = (data: Json): Json => data[list.split('(')[0] ?? ''],
) {
  const nodes: Json[] = [];
  const query = `query ($first: Int, $after: String) { ${list.replace('$page', 'first: $first, after: $after')} {
    edges { cursor node { ${node} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } ${list.startsWith('generation(') ? '}' : ''}`;
  for (let after: string | null = null; ;) {
    const { edges, pageInfo } = path(await server.data(query, { first, after }));
    expect(edges.length).toBeLessThanOrEqual(first);
    expect(pageInfo).toMatchObject({
      hasPreviousPage: after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    nodes.push(...edges.map((edge: Json) => edge.node));
    if (pageInfo.hasNextPage !== true) return nodes;
    after = pageInfo.endCursor;
  }
}

test.each([1, 2, 5, 100])('pages of %d hold each generation once, the newest first', async (first) => {
  const found = await walk('generations($page)', 'id', first);
  expect(found.map(({ id }) => id)).toEqual([...ids].sort().reverse());
});

test.each([1, 3, 100])('pages of %d hold each sample once, by generation and index', async (first) => {
  const found = await walk('samples($page)', 'index generation { id }', first);
  const expected = [...ids]
    .sort()
    .reverse()
    .flatMap((id) => Array.from({ length: id === ids[0] ? 5 : 2 }, (_, index) => ({ index, generation: { id } })));
  expect(found).toEqual(expected);
});

test('the samples under a generation are paged alike', async () => {
  const id = ids[0] ?? '';
  const found = await walk(`generation(id: "${id}") { samples($page)`, 'index', 2, (data) => data.generation.samples);
  expect(found.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
});

test('products and defects come in the order of their codes', async () => {
  expect(await walk('products($page)', 'partNumber', 1)).toEqual([{ partNumber: 'METAL_NUT' }, { partNumber: 'TILE' }]);
  expect(await walk('defects($page)', 'code', 1)).toEqual([{ code: 'CRACK' }, { code: 'SCRATCH' }]);
});

test('a row that comes between two pages neither repeats nor hides another', async () => {
  const page =
    'query ($after: String) { generations(first: 2, after: $after) { edges { node { id } } pageInfo { endCursor } } }';
  const { generations: one } = await server.data(page);
  await finished(server, (await generate(server, QUICK)).id);
  const { generations: two } = await server.data(page, { after: one.pageInfo.endCursor });
  const seen = [...one.edges, ...two.edges].map(({ node }: Json) => node.id);
  expect(seen).toEqual([...ids].sort().reverse().slice(0, 4));
});

test('filters hold on every page', async () => {
  const found = await walk('generations($page, filter: { status: [SUCCEEDED], partNumber: "TILE" })', 'id', 2);
  expect(found).toHaveLength(6);
  expect(await walk('generations($page, filter: { status: [FAILED, CANCELED] })', 'id', 2)).toEqual([]);
  expect(await walk('generations($page, filter: { partNumber: "NOTHING" })', 'id', 2)).toEqual([]);
});

test('generations are found by model and by time', async () => {
  const found = async (filter: string) =>
    (await walk(`generations($page, filter: { ${filter} })`, 'createdAt', 100)).length;
  const all = await found('');
  expect(all).toBeGreaterThan(0);
  expect(await found('model: "tiny"')).toBe(all);
  expect(await found('model: "tiny@1.0.0", createdAfter: "2020-01-01T00:00:00Z"')).toBe(all);
  expect(await found('model: "tin"')).toBe(0);
  expect(await found('createdBefore: "2020-01-01T00:00:00Z"')).toBe(0);
});

test.each(['0000-01-01T00:00:00.000Z', '2024-13-01T00:00:00.000Z'])(
  'a cursor of the time %s, which no row can have, is refused',
  async (time) => {
    const key = ['CREATED_AT', time, '018f0000-0000-7000-8000-000000000000'];
    const after = Buffer.from(JSON.stringify(key)).toString('base64url');
    const query = `{ products(orderBy: { field: CREATED_AT, direction: ASC }, after: "${after}") { edges { cursor } } }`;
    expect((await server.error(query)).message).toMatch(/^after: .* is not a cursor of this list/);
  },
);
