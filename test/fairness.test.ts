/** One tenant's long work, and another's four samples. */
import { databaseOf } from './support/database.js';
import { GENERATE, QUICK, fetchGeneration, generate, samplesIn } from './support/generations.js';
import { makeTenants } from './support/chaos.js';
import { newDataDirectory, startServer } from './support/server.js';
import { until } from './support/until.js';

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
  await until(async () => (await drawn()) >= 20);
  const { id } = await generate(server, { ...QUICK, steps: 20, count: 4 }, short);
  const done = await until(async () => {
    const generation = await fetchGeneration(server, id, short);
    return generation.status === 'SUCCEEDED' && generation;
  });
  // The two tenants take turns, one sample each; the rest was on the device when the four were claimed.
  const meanwhile = 'query ($filter: SampleFilter!) { samples(first: 100, filter: $filter) { edges { node { id } } } }';
  const last = samplesIn(done)
    .map(({ createdAt }) => createdAt as string)
    .sort()
    .at(-1);
  const filter = { createdAfter: done.startedAt, createdBefore: last };
  const { samples } = await server.data(meanwhile, { filter }, long);
  expect(samples.edges.length).toBeLessThanOrEqual(40);
  // The thousand were not done by then.
  await until(async () => (await server.data(meanwhile, { filter: { createdAfter: last } }, long)).samples.edges[0]);
  await server.stop();
});
