/** What receivers are told of generations, and how often it is sent. */
import { CANCEL, QUICK, SLOW, eventsOf, finished, generate } from './support/generations.js';
import type { Received } from './support/receiver.js';
import {
  LOCAL_WEBHOOKS,
  createWebhook,
  deliveriesOf,
  fetchWebhook,
  settled,
  startReceiver,
} from './support/receiver.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';
import { until } from './support/until.js';
import { DELETE, DONE, REDELIVER, ROTATE, UPDATE, verified } from './support/webhooks.js';

let server: Server;

beforeAll(async () => {
  server = await startServer({ ...LOCAL_WEBHOOKS, MAX_WEBHOOKS: '100' });
});

test('a subscribed webhook receives GENERATION_SUCCEEDED with a signature that the Standard Webhooks library verifies', async () => {
  const receiver = await startReceiver();
  const { id, secret } = await createWebhook(server, receiver.url, DONE);
  const generation = await finished(
    server,
    (await generate(server, { ...QUICK, count: 2, idempotencyKey: 'order-7' })).id,
  );
  const [request] = await receiver.heard(1);
  expect(verified(request as Received, secret)).toEqual({
    type: 'generation.succeeded',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    data: {
      generationId: generation.id,
      status: 'SUCCEEDED',
      partNumber: 'TILE',
      defectCode: 'CRACK',
      idempotencyKey: 'order-7',
      samplesDone: 2,
      samplesTotal: 2,
      error: null,
    },
  });
  const [delivery] = await settled(server, id, (one) => one.status === 'SUCCEEDED');
  expect(delivery).toMatchObject({
    id: request?.headers['webhook-id'],
    event: 'GENERATION_SUCCEEDED',
    attempts: 1,
    lastStatusCode: 204,
    lastError: null,
    nextAttemptAt: null,
    payload: JSON.parse(request?.body ?? ''),
  });
  expect(() => verified({ ...(request as Received), body: `${request?.body ?? ''} ` }, secret)).toThrow(
    'No matching signature',
  );
});

test('every kind of event comes once, and only to those who asked for it', async () => {
  const [all, canceled] = [await startReceiver(), await startReceiver()];
  const kinds = [
    'GENERATION_STARTED',
    'SAMPLE_READY',
    'GENERATION_SUCCEEDED',
    'GENERATION_FAILED',
    'GENERATION_CANCELED',
  ];
  const hooks = [
    await createWebhook(server, all.url, kinds),
    await createWebhook(server, canceled.url, ['GENERATION_CANCELED']),
  ];
  await finished(server, (await generate(server, { ...QUICK, count: 2 })).id);
  const slow = await generate(server, SLOW);
  await eventsOf(server, slow.id, 0, ({ type }) => type === 'GenerationStarted');
  await server.data(CANCEL, { id: slow.id });
  const impossible = { minimumVisibility: 255, maximumAttempts: 1 };
  await finished(server, (await generate(server, { ...QUICK, twin: true, quality: impossible })).id);
  const types = (await all.heard(8)).map(({ body }) => JSON.parse(body).type).sort();
  expect(types).toEqual([
    'generation.canceled',
    'generation.failed',
    'generation.started',
    'generation.started',
    'generation.started',
    'generation.succeeded',
    'sample.ready',
    'sample.ready',
  ]);
  const bodies = all.received.map(({ body }) => JSON.parse(body));
  expect(bodies.find(({ type }) => type === 'generation.failed').data.error.code).toBe('QUALITY_NOT_REACHED');
  expect(
    bodies
      .filter(({ type }) => type === 'sample.ready')
      .map(({ data }) => data.sample.index)
      .sort(),
  ).toEqual([0, 1]);
  const [told] = await canceled.heard(1);
  expect(JSON.parse(told?.body ?? '').data).toMatchObject({ generationId: slow.id, status: 'CANCELED' });
  expect(canceled.received).toHaveLength(1);
  for (const { id } of hooks) await server.data(DELETE, { id });
});

test('after a rotation the old secret and the new one both verify, until the old one is dropped', async () => {
  const receiver = await startReceiver();
  const { id, secret: first } = await createWebhook(server, receiver.url, DONE);
  const rotate = async (keep: number): Promise<string> =>
    (await server.data(ROTATE, { id, keep })).rotateWebhookSecret.secret;
  const second = await rotate(600);
  await generate(server, QUICK);
  const [request] = await receiver.heard(1);
  expect(verified(request as Received, first)).toEqual(verified(request as Received, second));

  const third = await rotate(0);
  await generate(server, QUICK);
  const last = (await receiver.heard(2)).at(-1) as Received;
  expect(verified(last, third)).toMatchObject({ type: 'generation.succeeded' });
  for (const old of [first, second]) expect(() => verified(last, old)).toThrow('No matching signature');
  await server.data(DELETE, { id });
});

test('what fails is sent again, the same to the byte and under the same id, until it is taken', async () => {
  const receiver = await startReceiver((response, nth) => {
    if (nth === 1) response.destroy();
    else response.writeHead(nth === 2 ? 500 : 200).end('x'.repeat(100_000));
  });
  const { id, secret } = await createWebhook(server, receiver.url, DONE);
  await generate(server, QUICK);
  const attempts = await receiver.heard(3);
  expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
  for (const one of attempts) verified(one, secret);
  const [delivery] = await settled(server, id, (one) => one.status === 'SUCCEEDED');
  expect(delivery).toMatchObject({ attempts: 3, lastStatusCode: 200 });
  await server.data(DELETE, { id });
});

test('what fails every time is given up with the reason, and sent again when asked to', async () => {
  let well = false;
  const receiver = await startReceiver((response) =>
    response.writeHead(well ? 200 : 302, { location: '/elsewhere' }).end(),
  );
  const { id } = await createWebhook(server, receiver.url, DONE);
  await generate(server, QUICK);
  const [failed] = await settled(server, id, (one) => one.status === 'FAILED');
  expect(failed).toMatchObject({
    attempts: 4,
    lastStatusCode: 302,
    lastError: 'given up after 4 attempts: answered 302; redirects are not followed',
    nextAttemptAt: null,
  });
  // Nobody followed the redirect.
  expect(receiver.received.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook', '/hook']);
  well = true;
  expect((await server.data(REDELIVER, { id: failed.id })).redeliver).toEqual({
    id: failed.id,
    status: 'PENDING',
    attempts: 0,
  });
  const [again] = await settled(server, id, (one) => one.status === 'SUCCEEDED');
  expect(again).toMatchObject({ id: failed.id, attempts: 1 });
  expect((await receiver.heard(5)).at(-1)?.headers['webhook-id']).toBe(failed.id);
  await server.data(DELETE, { id });
});

test('a receiver that answers 410 is left alone for good, until its webhook is enabled again', async () => {
  let gone = true;
  const receiver = await startReceiver((response) => response.writeHead(gone ? 410 : 200).end());
  const { id } = await createWebhook(server, receiver.url, DONE);
  await generate(server, QUICK);
  const [failed] = await settled(server, id, (one) => one.status === 'FAILED');
  expect(failed).toMatchObject({ attempts: 1, lastError: 'answered 410' });
  expect(await fetchWebhook(server, id)).toMatchObject({
    enabled: false,
    disabledReason: 'the receiver answered 410 Gone',
  });
  await finished(server, (await generate(server, QUICK)).id);
  expect(await deliveriesOf(server, id)).toHaveLength(1);
  expect((await server.error(REDELIVER, { id: failed.id })).message).toContain('is disabled; enable it first');
  gone = false;
  expect((await server.data(UPDATE, { id, input: { enabled: true } })).updateWebhook).toMatchObject({
    enabled: true,
    disabledReason: null,
  });
  await generate(server, QUICK);
  await receiver.heard(2);
  await server.data(DELETE, { id });
});

test('a receiver that asks for time with Retry-After gets it, for all that is meant for it', async () => {
  const receiver = await startReceiver((response, nth) =>
    response.writeHead(nth === 1 ? 429 : 200, { 'retry-after': '2' }).end(),
  );
  const { id } = await createWebhook(server, receiver.url, DONE);
  await finished(server, (await generate(server, QUICK)).id);
  await receiver.heard(1);
  await finished(server, (await generate(server, QUICK)).id);
  const [first, second, third] = await receiver.heard(3);
  for (const later of [second, third]) expect((later?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(1900);
  await server.data(DELETE, { id });
});

test('one that never answers holds up nobody else, and is told to be too slow', async () => {
  const silent = await startReceiver(() => undefined);
  const dead = await createWebhook(server, silent.url, ['SAMPLE_READY']);
  await finished(server, (await generate(server, { ...QUICK, count: 20 })).id);
  await silent.heard(2);
  const receiver = await startReceiver();
  const other = await createWebhook(server, receiver.url, DONE);
  await finished(server, (await generate(server, QUICK)).id);
  await receiver.heard(1);
  // Twenty wait for the silent one, two at a time and two seconds each: it has not been through them.
  expect(silent.received.length).toBeLessThan(20);
  // No more than its share, two, is under way at a time: each takes the two seconds until it is given up.
  const times = silent.received.map(({ at }) => at);
  for (const [i, at] of times.slice(2).entries()) expect(at - (times[i] ?? at)).toBeGreaterThan(1_000);
  await settled(server, dead.id, () => true);
  await until(async () =>
    (await deliveriesOf(server, dead.id)).some(({ lastError }) => lastError === 'no answer within 2 s'),
  );
  for (const { id } of [dead, other]) await server.data(DELETE, { id });
});
