/** How many statements an operation costs, read from the service's own trace. */
import { QUICK, finished } from './support/generations.js';
import { photograph } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { statementsIn } from './support/statements.js';
import { PHOTOGRAPH, send } from './support/uploads.js';

let server: Server;
let ids: string[];

beforeAll(async () => {
  server = await startServer({ LOG_LEVEL: 'trace' });
});

const statementsOf = (operation: () => Promise<unknown>): Promise<string[]> => statementsIn(server, operation);

test('the generations of one list are admitted together, with one insert', async () => {
  const input = Array.from({ length: 20 }, (_, i) => ({ ...QUICK, seed: i, steps: 1, count: 2 }));
  const statements = await statementsOf(async () => {
    const { generateDefects } = await server.data(
      'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }',
      { input },
    );
    ids = generateDefects.map(({ id }: Json) => id);
  });
  const inserts = statements.filter((statement) => statement.startsWith('insert into "generation" '));
  expect(inserts).toHaveLength(1);
  expect(ids).toHaveLength(20);
});

test('twenty generations with products, defects, samples and artifacts cost as many statements as one', async () => {
  for (const id of ids) await finished(server, id);
  const query = `query ($first: Int!) { generations(first: $first) { edges { node {
    product { name defects { coverage } } defect { name } samples(first: 2) { edges { node { image { url } mask { url } overlay { url } generation { id } } } }
  } } } }`;
  const one = await statementsOf(() => server.data(query, { first: 1 }));
  const twenty = await statementsOf(() => server.data(query, { first: 20 }));
  expect(one).toHaveLength(7);
  expect(twenty).toHaveLength(one.length);
});

test('the references of two products, with images and products, cost as many statements as those of one', async () => {
  for (const partNumber of ['TILE', 'METAL_NUT']) {
    for (const seed of [1, 2])
      await send(server, await photograph(seed).png().toBuffer(), { ...PHOTOGRAPH, partNumber });
  }
  const query = `query ($first: Int!) { products(first: $first) { edges { node {
    references { edges { node { name image { url } product { name } } } }
  } } } }`;
  const one = await statementsOf(() => server.data(query, { first: 1 }));
  const two = await statementsOf(() => server.data(query, { first: 2 }));
  expect(one).toHaveLength(4);
  expect(two).toHaveLength(one.length);
});

test('a page of products, each with filtered samples, costs as many statements as one product', async () => {
  const products = Array.from({ length: 8 }, (_, i) => ({ partNumber: `A${String(i)}`, name: 'tile' }));
  await server.data('mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { field } } }', {
    input: { products },
  });
  const input = products.flatMap(({ partNumber }, i) => [
    { ...QUICK, partNumber, steps: 1, count: 3, strength: { min: 1, max: 3 }, seed: i },
    { ...QUICK, partNumber, defectCode: 'SCRATCH', steps: 1, seed: i },
  ]);
  const { generateDefects } = await server.data(
    'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }',
    { input },
  );
  for (const { id } of generateDefects) await finished(server, id);
  const filter = 'filter: { defectCode: "CRACK", strength: { min: 2 } }, first: 1';
  const query = `query ($first: Int!) { products(first: $first, filter: { search: "A" }) { edges { node { partNumber
    samples(${filter}) { pageInfo { hasNextPage } edges { node { strength image { url }
      generation { defect { code } samples(${filter}) { edges { node { strength mask { url } } } } } } } }
  } } } }`;
  let page: Json;
  const one = await statementsOf(() => server.data(query, { first: 1 }));
  const eight = await statementsOf(async () => (page = await server.data(query, { first: 8 })));
  const own = page.products.edges.map(({ node }: Json) => node);
  expect(own.map(({ partNumber }: Json) => partNumber)).toEqual(products.map(({ partNumber }) => partNumber));
  for (const { samples } of own) {
    expect(samples).toMatchObject({
      pageInfo: { hasNextPage: true },
      edges: [{ node: { strength: 2, generation: { defect: { code: 'CRACK' } } } }],
    });
    expect(samples.edges[0].node.generation.samples.edges).toMatchObject([{ node: { strength: 2 } }]);
  }
  expect(one).toHaveLength(7);
  expect(eight).toHaveLength(one.length);
});

test('a document with several mutations is as many admissions, each whole', async () => {
  const item = '{ partNumber: "TILE", defectCode: "CRACK", steps: 1 }';
  const bad = '{ partNumber: "TILE", defectCode: "CRACK", steps: 0 }';
  const { data, errors } = await server.ask(
    `mutation { a: generateDefects(input: [${item}]) { id } b: generateDefects(input: [${item}, ${bad}]) { id } }`,
  );
  expect(data).toBeNull(); // of a non-null field that failed
  expect(errors).toMatchObject([{ path: ['b'], message: 'input[1].steps: 0 is out of range 1 … 999' }]);
});
