/**
 * One tenant at full tilt, and another tenant's small requests beside it. Counted in answers, for times are the machine's;
 * `npm run bench:tenants` measures them.
 */
import { withLogContext } from '../../src/observability/logContext.js';
import { PgliteClient } from '../../src/storage/pgliteClient.js';
import { IMPORT } from '../support/catalog.js';
import { onPgliteOnly } from '../support/database.js';
import type { Server } from '../support/server.js';
import { newDataDirectory, startServer } from '../support/server.js';
import { newTenant } from '../support/stranger.js';

let server: Server;
let polite: string;
beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  polite = await newTenant(dataDirectory, 'polite');
  server = await startServer({ DATA_DIR: dataDirectory });
  const products = Array.from({ length: 100 }, (_, i) => ({ partNumber: `P${String(i)}`, name: 'tile' }));
  const defects = Array.from({ length: 100 }, (_, i) => ({ code: `D${String(i)}`, name: 'crack' }));
  await server.data(IMPORT, { input: { products, defects } });
  await server.data('{ caller { role } }', {}, polite);
});

/** How many answers the greedy tenant had of `count` when the polite one had its five. */
async function answersBefore(query: string, count: number): Promise<number> {
  let answered = 0;
  const greedy = Array.from({ length: count }, () => server.data(query).then(() => (answered += 1)));
  // In the middle of it.
  await Promise.race(greedy);
  const begun = answered;
  for (let i = 0; i < 5; i++) await server.data('{ caller { role } }', {}, polite);
  const meanwhile = answered - begun;
  await Promise.all(greedy);
  return meanwhile;
}

test.each([
  [
    'the largest answers',
    8,
    '{ products(first: 100) { edges { node { pairs(first: 100) { edges { node { coverage defect { id code name } } } } } } } }',
    4,
  ],
  ['introspections', 24, '{ __schema { types { fields { name args { name type { name } } } } } }', 10],
  ['small requests', 200, '{ generations(first: 5) { edges { node { id } } } }', 60],
])('five small requests beside %s wait for few of them', async (_, count, query, most) => {
  expect(await answersBefore(query, count)).toBeLessThanOrEqual(most);
});

onPgliteOnly("a hundred statements of one tenant wait for another's one", async () => {
  const client = new PgliteClient();
  try {
    await client.query('select 0');
    let done = 0;
    const statements = withLogContext({ tenant: 'greedy' }, () =>
      Array.from({ length: 100 }, () => client.query('select 1').then(() => (done += 1))),
    );
    await withLogContext({ tenant: 'polite' }, () => client.query('select 2'));
    expect(done).toBeLessThanOrEqual(2);
    await Promise.all(statements);
  } finally {
    await client.close();
  }
});
