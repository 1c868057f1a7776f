import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, Server } from './support/server.js';
import { onPgliteOnly } from './support/database.js';
import { newDataDirectory, startServer } from './support/server.js';
import {
  CANCEL,
  GENERATE,
  QUICK,
  SLOW,
  drawnAt,
  eventsOf,
  fetchGeneration,
  finished,
  generate,
  samplesIn,
} from './support/generations.js';
import { until } from './support/until.js';

const indexes = (generation: Json): number[] => samplesIn(generation).map(({ index }) => index);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

async function afterSamples(server: Server, id: string, count: number): Promise<void> {
  let ready = 0;
  await eventsOf(server, id, 0, ({ type }) => type === 'SampleReady' && ++ready === count);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  );
}

test('killed in the middle again and again, every accepted sample is drawn once, and as if nothing had happened', async () => {
  const dataDirectory = newDataDirectory();
  const order = { ...QUICK, steps: 150, count: 12, seed: 3 };
  let server = await startServer({ DATA_DIR: dataDirectory });
  const { generateDefects } = await server.data(GENERATE, { input: [order, { ...QUICK, count: 2 }] });
  const [id, small] = generateDefects.map((generation: Json) => generation.id) as [string, string];
  const before = new Map<number, string>();
  for (const kill of [2, 4]) {
    await afterSamples(server, id, kill);
    for (const { index, id: sample } of samplesIn(await fetchGeneration(server, id))) before.set(index, sample);
    await server.kill();
    server = await startServer({ DATA_DIR: dataDirectory });
  }
  const done = await finished(server, id);
  expect(done.status).toBe('SUCCEEDED');
  expect(indexes(done)).toEqual(upTo(12));
  expect((await finished(server, small)).status).toBe('SUCCEEDED');
  // What was ready was not drawn again.
  for (const { index, id: sample } of samplesIn(done)) if (before.has(index)) expect(sample).toBe(before.get(index));

  const events = await eventsOf(server, id);
  expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length).map((i) => i + 1));
  const types = events.map(({ type }) => type);
  expect(types.filter((type) => type === 'GenerationStarted')).toHaveLength(1);
  expect(types.filter((type) => type === 'SampleReady')).toHaveLength(12);

  // The pictures are those of a run that nothing disturbed, and no file is half written.
  const [again] = (await server.data(GENERATE, { input: [order] })).generateDefects;
  const undisturbed = samplesIn(await finished(server, again.id));
  for (const sample of samplesIn(done)) {
    expect(await drawnAt(sample.image.url)).toEqual(await drawnAt(undisturbed[sample.index].image.url));
  }
  expect(filesIn(join(dataDirectory, 'artifacts', 'tmp'))).toEqual([]);
});

test('killed while it rejects samples, it draws no rejected one again and counts each once', async () => {
  const dataDirectory = newDataDirectory();
  const order = { ...QUICK, steps: 60, count: 6, twin: true, quality: { minimumVisibility: 255, maximumDraws: 4 } };
  const query = 'query ($id: ID!) { generation(id: $id) { status rejectedSamples error { code message } } }';
  let server = await startServer({ DATA_DIR: dataDirectory });
  const { id } = await generate(server, order);
  let rejected = 0;
  // More kills than a generation may take without getting on.
  for (let kill = 0; kill < 6; kill++) {
    const before = rejected;
    await until(async () => {
      rejected = (await server.data(query, { id })).generation.rejectedSamples;
      return rejected > before || rejected === 24;
    });
    await server.kill();
    server = await startServer({ DATA_DIR: dataDirectory });
  }
  await eventsOf(server, id);
  const { generation } = await server.data(query, { id });
  expect(generation).toMatchObject({ status: 'FAILED', rejectedSamples: 24, error: { code: 'QUALITY_NOT_REACHED' } });
  expect(generation.error.message).toContain('6 of 6 samples');
});

test('an orderly end hands the work back, ends in time, and the next start goes on with it', async () => {
  const dataDirectory = newDataDirectory();
  const first = await startServer({ DATA_DIR: dataDirectory });
  const { id } = await generate(first, { ...QUICK, steps: 150, count: 8 });
  await afterSamples(first, id, 1);
  // A process that cannot close everything in time ends itself with 1.
  expect(await first.stop()).toBe(0);
  const second = await startServer({ DATA_DIR: dataDirectory });
  const done = await finished(second, id);
  expect(done.status).toBe('SUCCEEDED');
  expect(indexes(done)).toEqual(upTo(8));
});

test('a subscriber is told that the server goes away, and goes on with the next one where it was', async () => {
  const dataDirectory = newDataDirectory();
  const first = await startServer({ DATA_DIR: dataDirectory });
  const { id } = await generate(first, { ...SLOW, steps: 200 });
  const seen: number[] = [];
  const following = eventsOf(first, id, 0, ({ seq }) => (seen.push(seq), false));
  await afterSamples(first, id, 1);
  const [end] = await Promise.allSettled([following, first.stop()]);
  expect(end).toMatchObject({ status: 'rejected', reason: { code: 1001 } });
  const second = await startServer({ DATA_DIR: dataDirectory });
  await second.data(CANCEL, { id });
  const rest = await eventsOf(second, id, seen.at(-1));
  expect(rest[0].seq).toBe((seen.at(-1) ?? 0) + 1);
});

onPgliteOnly('what a kill left behind does not keep the next process out, but a living one does', async () => {
  const dataDirectory = newDataDirectory();
  const first = await startServer({ DATA_DIR: dataDirectory });
  await expect(startServer({ DATA_DIR: dataDirectory })).rejects.toThrow(
    `is in use by process ${String(first.process.pid)} on`,
  );
  expect((await generate(first, QUICK)).status).toBe('QUEUED');
  await first.kill();
  const second = await startServer({ DATA_DIR: dataDirectory });
  expect(await second.stop()).toBe(0);
});
