/** A name that no model can have, wherever a query names a model: with NUL or half of a character, which PostgreSQL does not store. */
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const ofProduct = (fields: string): string =>
  `query ($model: String) { products(first: 1) { edges { node { ${fields} } } } }`;

test.each([
  ['products(filter)', 'query ($model: String) { products(filter: { drawableBy: $model }) { totalCount } }'],
  ['defects(filter)', 'query ($model: String) { defects(filter: { drawableBy: $model }) { totalCount } }'],
  ['Product.defects', ofProduct('defects(model: $model) { coverage }')],
  ['Product.pairs', ofProduct('pairs(first: 1, model: $model) { totalCount }')],
  ['ProductDefect.coverage', ofProduct('pairs(first: 1) { edges { node { coverage(model: $model) } } }')],
])('%s refuses it, as the name of a model that is not there', async (_, query) => {
  for (const model of ['absent', 'a\0b', 'a\ud800b'])
    expect((await server.error(query, { model })).extensions.code).toMatch(/^(UNKNOWN_MODEL|BAD_USER_INPUT)$/);
});
