import { CANCEL, GENERATE, QUICK, SLOW, finished, generate } from './support/generations.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

test('the same key and input give the same generation back, before and after it is done', async () => {
  const input = { ...QUICK, idempotencyKey: 'order-1' };
  const first = await generate(server, input);
  expect((await generate(server, input)).id).toBe(first.id);
  await finished(server, first.id);
  const again = await generate(server, input);
  expect(again).toMatchObject({ id: first.id, status: 'SUCCEEDED', request: { seed: first.request.seed } });
});

test('a null is the same as nothing, and the order of fields does not matter', async () => {
  const first = await generate(server, {
    ...QUICK,
    idempotencyKey: 'order-2',
    seed: null,
    strength: { min: 1, max: 2 },
  });
  const reordered = { strength: { max: 2, value: null, min: 1 }, idempotencyKey: 'order-2', ...QUICK };
  expect((await generate(server, reordered)).id).toBe(first.id);
});

test('the same key with other input is an error that names the generation', async () => {
  const first = await generate(server, { ...QUICK, idempotencyKey: 'order-3' });
  const { message, extensions } = await server.error(GENERATE, {
    input: [{ ...QUICK, count: 2, idempotencyKey: 'order-3' }],
  });
  expect(message).toMatch(/^input\[0\]\.idempotencyKey: "order-3" was used/);
  expect(extensions).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', generationId: first.id });
});

test('many at once make one generation', async () => {
  const input = { ...QUICK, idempotencyKey: 'order-4' };
  const all = await Promise.all(Array.from({ length: 10 }, () => generate(server, input)));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
});

test('twins in one list are one generation; rivals for a key are an error, and nothing is accepted', async () => {
  const input = { ...QUICK, idempotencyKey: 'order-5' };
  const { generateDefects } = await server.data(GENERATE, { input: [input, { ...QUICK, steps: 1 }, input] });
  expect(generateDefects[2].id).toBe(generateDefects[0].id);
  expect(generateDefects[1].id).not.toBe(generateDefects[0].id);
  const rivals = [
    { ...QUICK, idempotencyKey: 'order-6' },
    { ...QUICK, steps: 1, idempotencyKey: 'order-6' },
  ];
  expect((await server.error(GENERATE, { input: rivals })).message).toMatch(/^input\[1\]\.idempotencyKey/);
  expect((await generate(server, { ...QUICK, steps: 3, idempotencyKey: 'order-6' })).request.steps).toBe(3);
});

test('a full queue takes nothing, says when to come back, and still knows its keys', async () => {
  const small = await startServer({ MAX_QUEUED_SAMPLES: '70' });
  const input = { ...SLOW, idempotencyKey: 'kept' };
  const { id } = await generate(small, input);
  const { message, extensions } = await small.error(GENERATE, { input: [{ ...QUICK, count: 20 }] });
  expect(message).toMatch(/room for \d+ of 70 samples, 20 were requested; nothing was accepted/);
  expect(extensions).toMatchObject({ code: 'QUEUE_FULL', retryAfterMs: expect.any(Number) });
  expect((await generate(small, input)).id).toBe(id);
  await small.data(CANCEL, { id });
  expect((await generate(small, { ...QUICK, count: 20 })).status).toBe('QUEUED');
});
