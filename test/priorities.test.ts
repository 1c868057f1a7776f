/** What is urgent goes first, whatever has begun. */
import { QUICK, fetchGeneration, generate } from './support/generations.js';
import { startServer } from './support/server.js';

test('a generation of a higher priority is drawn before one that is being drawn already, which is finished afterwards', async () => {
  const server = await startServer();
  const wish = { ...QUICK, steps: 200 };
  const { id: first } = await generate(server, { ...wish, count: 8 });
  const fetched = (id: string) => fetchGeneration(server, id);
  const until = async (id: string, isSo: (generation: Awaited<ReturnType<typeof fetched>>) => boolean) => {
    for (;;) {
      const generation = await fetched(id);
      if (isSo(generation)) return generation;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until(first, ({ progress }) => progress.stepsDone > 0);
  const { id: urgent } = await generate(server, { ...wish, count: 2, priority: 5 });
  await until(urgent, ({ status }) => status === 'SUCCEEDED');
  const { progress } = await fetched(first);
  // Two at a time: in turn, as many of its own would be done as of the urgent ones, and first come, first served all eight.
  expect(progress.samplesDone).toBeLessThanOrEqual(2);
  expect((await until(first, ({ status }) => status !== 'RUNNING')).status).toBe('SUCCEEDED');
  await server.stop();
});
