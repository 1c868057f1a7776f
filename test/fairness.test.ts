/** One tenant's long work, and another's four samples. */
import { databaseOf } from './support/database.js';
import { GENERATE, QUICK, generate } from './support/generations.js';
import { makeTenants } from './support/chaos.js';
import { newDataDirectory, startServer } from './support/server.js';

test("a thousand queued samples of one tenant let another's four pass, whose each waits for a few of the thousand", async () => {
  const dataDirectory = newDataDirectory();
  const place = await databaseOf(dataDirectory);
  const [long, short] = (await makeTenants(place, 2)) as [string, string];
  const server = await startServer({ DATA_DIR: dataDirectory });
  const wish = { ...QUICK, steps: 20, count: 100 };
  await server.data(GENERATE, { input: Array.from({ length: 10 }, () => wish) }, long);
  // It is drawing at full width when the other comes.
  const progress = '{ generations(first: 10) { edges { node { progress { samplesDone } } } } }';
  const drawn = async (): Promise<number> =>
    (await server.data(progress, {}, long)).generations.edges
      .map((edge: { node: { progress: { samplesDone: number } } }) => edge.node.progress.samplesDone)
      .reduce((sum: number, n: number) => sum + n, 0);
  while ((await drawn()) < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  const before = await drawn();
  const { id } = await generate(server, { ...QUICK, steps: 20, count: 4 }, short);
  while (
    (await server.data('query ($id: ID!) { generation(id: $id) { status } }', { id }, short)).generation.status !==
    'SUCCEEDED'
  )
    await new Promise((resolve) => setTimeout(resolve, 20));
  const after = await drawn();
  expect(after).toBeLessThan(1000);
  // Turn and turn about it is one for one; the rest is what was drawn before it was claimed, and until we heard of its end.
  expect(after - before).toBeLessThanOrEqual(40);
  await server.stop();
});
