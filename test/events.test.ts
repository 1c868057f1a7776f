import { QUICK, SLOW, CANCEL, EVENTS, eventsOf, finished, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const seqs = (events: Json[]): number[] => events.map(({ seq }) => seq);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

test('a subscriber gets every event in order: queued, started, progress, samples, and the end', async () => {
  const { id } = await generate(server, { ...QUICK, steps: 400, count: 3 });
  const events = await eventsOf(server, id);
  expect(seqs(events)).toEqual(upTo(events.length));
  const types = events.map(({ type }) => type);
  expect(types.slice(0, 2)).toEqual(['GenerationQueued', 'GenerationStarted']);
  expect(types.at(-1)).toBe('GenerationSucceeded');
  expect(types.filter((type) => type === 'SampleReady')).toHaveLength(3);
  expect(types).toContain('GenerationProgressed');
  const fractions = events.filter(({ progress }) => progress).map(({ progress }) => progress.fraction);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(events.at(-1).generation.status).toBe('SUCCEEDED');
});

test('a sample can be fetched when its event comes', async () => {
  const { id } = await generate(server, { ...QUICK, count: 2 });
  for (const { sample } of (await eventsOf(server, id)).filter(({ type }) => type === 'SampleReady')) {
    expect((await fetch(sample.image.url)).status).toBe(200);
    expect((await fetch(sample.mask.url)).status).toBe(200);
  }
});

test('after a break, a subscriber goes on with the next event', async () => {
  const { id } = await generate(server, { ...QUICK, steps: 300, count: 4 });
  const seen: number[] = [];
  for (;;) {
    const part = await eventsOf(server, id, seen.at(-1) ?? 0, () => true);
    if (part.length === 0) break;
    seen.push(...seqs(part));
  }
  const all = await eventsOf(server, id);
  expect(seen).toEqual(seqs(all));
});

test('who comes late gets the whole story, or the part after what it has seen', async () => {
  const { id } = await generate(server, { ...QUICK, count: 2 });
  await finished(server, id);
  const all = await eventsOf(server, id);
  expect(seqs(all)).toEqual(upTo(all.length));
  expect(await eventsOf(server, id, 2)).toMatchObject(all.slice(2).map(({ seq, type }) => ({ seq, type })));
  expect(await eventsOf(server, id, all.length)).toEqual([]);
  expect(await eventsOf(server, id, all.length + 100)).toEqual([]);
});

test('all subscribers of a generation get the same events', async () => {
  const { id } = await generate(server, { ...QUICK, steps: 100, count: 2 });
  const [first, ...others] = await Promise.all(upTo(5).map(() => eventsOf(server, id)));
  for (const other of others) expect(seqs(other)).toEqual(seqs(first ?? []));
});

test('progress events are few, however many steps there are', async () => {
  const started = Date.now();
  const { id } = await generate(server, { ...QUICK, steps: 999, count: 2 });
  const events = await eventsOf(server, id);
  const seconds = (Date.now() - started) / 1000;
  expect(events.filter(({ type }) => type === 'GenerationProgressed').length).toBeLessThanOrEqual(4 * seconds + 2);
});

test('a subscriber that leaves in the middle does not disturb the rest', async () => {
  const { id } = await generate(server, SLOW);
  await eventsOf(server, id, 0, ({ type }) => type === 'GenerationStarted');
  await server.data(CANCEL, { id });
  expect((await eventsOf(server, id)).at(-1).type).toBe('GenerationCanceled');
});

test.each([
  ['an unknown generation', { id: '00000000-0000-7000-8000-000000000000' }, 'NOT_FOUND'],
  ['an id that is none', { id: "'; drop table generation" }, 'NOT_FOUND'],
  ['a negative after', { id: '00000000-0000-7000-8000-000000000000', after: -1 }, 'BAD_USER_INPUT'],
])('%s is an error with a code', async (_, variables, code) => {
  const { value } = await server.subscribe(EVENTS, variables).next();
  expect(value.errors[0].extensions.code).toBe(code);
});
