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

test('a document with several mutations is as many admissions, each whole', async () => {
  const item = '{ partNumber: "TILE", defectCode: "CRACK", steps: 1 }';
  const bad = '{ partNumber: "TILE", defectCode: "CRACK", steps: 0 }';
  const { data, errors } = await server.ask(
    `mutation { a: generateDefects(input: [${item}]) { id } b: generateDefects(input: [${item}, ${bad}]) { id } }`,
  );
  expect(data).toBeNull(); // of a non-null field that failed
  expect(errors).toMatchObject([{ path: ['b'], message: 'input[1].steps: 0 is out of range 1 … 999' }]);
});
