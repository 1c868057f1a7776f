/** What a tenant may use, and what a client library sees when it asks for more. */
import { GENERATE, QUICK, SLOW, CANCEL, eventsOf, finished, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';
import { photograph } from './support/photographs.js';
import { PHOTOGRAPH, createUpload, put } from './support/uploads.js';
import { until } from './support/until.js';

const USAGE = `{ usage {
  concurrentGenerations { used limit } pixelStepsToday { used limit } storedBytes { used limit } requestsPerMinute retentionDays
} }`;
/** The tiny bundle draws 32 × 32 pixels. */
const PIXELS = 32 * 32;

async function send(server: Server, input: object): Promise<{ status: number; retryAfter: number; error: Json }> {
  const headers = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ query: GENERATE, variables: { input: [input] } });
  const response = await fetch(server.url, { method: 'POST', headers, body });
  const answer = (await response.json()) as Json;
  return {
    status: response.status,
    retryAfter: Number(response.headers.get('retry-after')),
    error: answer.errors?.[0],
  };
}

test('so many generations at a time, and one more when one is over', async () => {
  const server = await startServer({ QUOTA_CONCURRENT_GENERATIONS: '2' });
  const held = [await generate(server, SLOW), await generate(server, SLOW)];
  const { status, retryAfter, error } = await send(server, QUICK);
  expect([status, retryAfter]).toEqual([429, 10]);
  expect(error.message).toContain('The quota of 2 generations at a time is used up: 2 are used, 1 more were requested');
  expect(error.extensions).toEqual({
    code: 'QUOTA_EXCEEDED',
    quota: 'concurrentGenerations',
    limit: 2,
    used: 2,
    requested: 1,
    asked: 1,
    retryAfterMs: 10_000,
  });
  expect((await server.data(USAGE)).usage.concurrentGenerations).toEqual({ used: 2, limit: 2 });
  await server.data(CANCEL, { id: held[0].id });
  expect((await send(server, QUICK)).status).toBe(200);
});

test('so many pixel-steps a day; what is canceled before it is drawn costs nothing', async () => {
  const limit = 10 * PIXELS * 900;
  const server = await startServer({ QUOTA_PIXEL_STEPS_PER_DAY: String(limit) });
  const { id } = await generate(server, { ...SLOW, count: 10 });
  const untilMidnight = () => (new Date().setUTCHours(24, 0, 0, 0) - Date.now()) / 1000;
  const before = untilMidnight();
  const { status, retryAfter, error } = await send(server, QUICK);
  expect(status).toBe(429);
  expect(error.extensions).toMatchObject({
    quota: 'pixelStepsPerDay',
    limit,
    used: limit,
    requested: 2 * PIXELS,
    asked: 2 * PIXELS,
  });
  expect(retryAfter).toBeLessThanOrEqual(before + 1);
  expect(retryAfter).toBeGreaterThanOrEqual(untilMidnight() - 1);
  await server.data(CANCEL, { id });
  expect((await server.data(USAGE)).usage.pixelStepsToday.used).toBeLessThan(limit);
  expect((await send(server, QUICK)).status).toBe(200);
});

test('so many stored bytes: what is over is over', async () => {
  const server = await startServer({ QUOTA_STORED_BYTES: '100' });
  await finished(server, (await generate(server, QUICK)).id);
  const { used } = (await server.data(USAGE)).usage.storedBytes;
  expect(used).toBeGreaterThan(100);
  const { status, error } = await send(server, QUICK);
  expect(status).toBe(429);
  expect(error.extensions).toMatchObject({ quota: 'storedBytes', limit: 100, used });
  const upload = await createUpload(server);
  const refused = await fetch(upload.url, { method: 'PUT', body: 'a photograph' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
});

test('a file for which there is no room may be sent again and again: it is not to blame', async () => {
  const file = await photograph(1).png().toBuffer();
  const server = await startServer({ QUOTA_STORED_BYTES: String(file.length / 2) });
  const { url } = await createUpload(server, PHOTOGRAPH);
  for (let i = 0; i < 12; i++) expect((await put(url, file)).status).toBe(429);
});

test('so many operations a minute, over HTTP, WebSocket and event streams', async () => {
  const server = await startServer({ RATE_LIMIT_PER_MINUTE: '5' });
  for (let i = 0; i < 5; i++) expect((await server.data(USAGE)).usage.requestsPerMinute).toBe(5);
  const { status, retryAfter, error } = await send(server, QUICK);
  expect([status, error.extensions.code]).toEqual([429, 'RATE_LIMITED']);
  expect(retryAfter).toBeGreaterThan(0);
  expect(retryAfter).toBeLessThanOrEqual(60);
  await expect(eventsOf(server, 'any')).rejects.toMatchObject([
    { message: error.message, extensions: { code: 'RATE_LIMITED', limit: 5, retryAfterMs: expect.any(Number) } },
  ]);
  const headers = { authorization: `Bearer ${TEST_KEY}`, accept: 'text/event-stream' };
  const streamed = await fetch(`${server.url}/stream?query=${encodeURIComponent(USAGE)}`, { headers });
  expect([streamed.status, Number(streamed.headers.get('retry-after')) > 0]).toEqual([429, true]);
  expect(((await streamed.json()) as Json).errors[0].extensions.code).toBe('RATE_LIMITED');
});

test('a full queue is 503, and says when to come again', async () => {
  const server = await startServer({ MAX_QUEUED_SAMPLES: '60' });
  await generate(server, SLOW);
  const { status, retryAfter, error } = await send(server, { ...QUICK, count: 4 });
  expect([status, error.extensions.code]).toEqual([503, 'QUEUE_FULL']);
  expect(retryAfter).toBe(Math.ceil(error.extensions.retryAfterMs / 1000));
});

test('the queued event says how many go before it, and about how long it will take', async () => {
  const server = await startServer();
  const query = `subscription ($id: ID!) { generationEvents(id: $id) { ... on GenerationQueued { ahead estimatedSeconds } } }`;
  const queuedEvent = async (id: string): Promise<Json> => {
    for await (const { data } of server.subscribe(query, { id })) return data.generationEvents;
  };
  const first = await generate(server, { ...QUICK, steps: 100, count: 8 });
  expect(await queuedEvent(first.id)).toEqual({ ahead: 0, estimatedSeconds: null });
  await finished(server, first.id);
  // The worker reports its throughput with its next heartbeat.
  await until(async () => {
    const { id } = await generate(server, QUICK);
    await finished(server, id);
    return (await queuedEvent(id)).estimatedSeconds !== null;
  });
  const ids = [];
  for (const priority of [0, 0, 5]) ids.push((await generate(server, { ...SLOW, priority })).id);
  const [one, two, urgent] = await Promise.all(ids.map(queuedEvent));
  expect([one.ahead, two.ahead, urgent.ahead]).toEqual([0, 1, 0]);
  expect(one.estimatedSeconds).toBeGreaterThan(0);
  expect(two.estimatedSeconds).toBeGreaterThan(1.5 * one.estimatedSeconds);
  expect(urgent.estimatedSeconds).toBe(one.estimatedSeconds);
});
