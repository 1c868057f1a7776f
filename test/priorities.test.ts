/** What is urgent goes first, whatever has begun. */
import { QUICK, fetchGeneration, finished, generate, samplesIn } from './support/generations.js';
import { startServer } from './support/server.js';
import { until } from './support/until.js';

test('a generation of a higher priority is drawn before one that is being drawn already, which is finished afterwards', async () => {
  const server = await startServer();
  const wish = { ...QUICK, steps: 200 };
  const { id: first } = await generate(server, { ...wish, count: 8 });
  const fetched = (id: string) => fetchGeneration(server, id);
  await until(async () => (await fetched(first)).progress.stepsDone > 0);
  const { id: urgent } = await generate(server, { ...wish, count: 2, priority: 5 });
  const { finishedAt } = await finished(server, urgent);
  const done = await finished(server, first);
  expect(done.status).toBe('SUCCEEDED');
  // Two at a time: in turn, as many of its own would be done as of the urgent ones, and first come, first served all eight.
  expect(samplesIn(done).filter(({ createdAt }) => createdAt < finishedAt).length).toBeLessThanOrEqual(2);
  await server.stop();
});
