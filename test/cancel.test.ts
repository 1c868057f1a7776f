import {
  CANCEL,
  QUICK,
  SLOW,
  eventsOf,
  fetchGeneration,
  finished,
  generate,
  samplesIn,
} from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const cancel = async (id: string): Promise<Json> => (await server.data(CANCEL, { id })).cancelGeneration;

test('a running generation is canceled at once, keeps what is ready, and gets nothing more', async () => {
  const { id } = await generate(server, { ...SLOW, steps: 200 });
  const before = await eventsOf(server, id, 0, ({ type }) => type === 'SampleReady');
  expect(before.at(-1).type).toBe('SampleReady');
  const canceled = await cancel(id);
  expect(canceled).toMatchObject({ status: 'CANCELED', finishedAt: expect.any(String) });
  const ready = samplesIn(await fetchGeneration(server, id)).length;
  expect(ready).toBeGreaterThan(0);
  const events = await eventsOf(server, id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.at(-1)).toMatchObject({ type: 'GenerationCanceled', generation: { status: 'CANCELED' } });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(samplesIn(await fetchGeneration(server, id))).toHaveLength(ready);
  expect((await eventsOf(server, id)).length).toBe(events.length);
});

test('canceling frees the device for the next generation', async () => {
  const slow = await Promise.all(Array.from({ length: 5 }, () => generate(server, SLOW)));
  const { id } = await generate(server, QUICK);
  for (const generation of slow) await cancel(generation.id);
  expect((await finished(server, id)).status).toBe('SUCCEEDED');
});

test('a queued generation that is canceled is never started', async () => {
  // More than run at a time, so that the last one waits.
  const slow = await Promise.all(Array.from({ length: 5 }, () => generate(server, SLOW)));
  const { id } = await generate(server, QUICK);
  expect(await cancel(id)).toMatchObject({ status: 'CANCELED', startedAt: null });
  expect((await eventsOf(server, id)).map(({ type }) => type)).toEqual(['GenerationQueued', 'GenerationCanceled']);
  for (const generation of slow) await cancel(generation.id);
});

test('canceling again, or after the end, changes nothing', async () => {
  const { id } = await generate(server, QUICK);
  const done = await finished(server, id);
  expect(await cancel(id)).toMatchObject({ status: 'SUCCEEDED', finishedAt: done.finishedAt });
  const slow = await generate(server, SLOW);
  const first = await cancel(slow.id);
  expect(await cancel(slow.id)).toMatchObject({ status: 'CANCELED', finishedAt: first.finishedAt });
});

test('what is not there cannot be canceled', async () => {
  const { message, extensions } = await server.error(CANCEL, { id: 'nothing' });
  expect(message).toContain('there is no generation "nothing"');
  expect(extensions.code).toBe('NOT_FOUND');
});
