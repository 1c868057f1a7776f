import { Webhook } from 'standardwebhooks';
import { CANCEL, QUICK, SLOW, eventsOf, finished, generate } from './support/generations.js';
import type { Received } from './support/receiver.js';
import {
  CREATE_WEBHOOK,
  LOCAL_WEBHOOKS,
  createWebhook,
  deliveriesOf,
  fetchWebhook,
  settled,
  startReceiver,
  status,
} from './support/receiver.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { until } from './support/until.js';

const DONE = ['GENERATION_SUCCEEDED'];
const ROTATE = `mutation ($id: ID!, $keep: Int!) { rotateWebhookSecret(id: $id, keepPreviousSeconds: $keep) { secret } }`;
const UPDATE = `mutation ($id: ID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id url events enabled disabledReason description } }`;
const DELETE = `mutation ($id: ID!) { deleteWebhook(id: $id) { id } }`;
const REDELIVER = `mutation ($id: ID!) { redeliver(deliveryId: $id) { id status attempts } }`;
const NOBODY = '00000000-0000-7000-8000-000000000000';

let server: Server;

beforeAll(async () => {
  server = await startServer({ ...LOCAL_WEBHOOKS, MAX_WEBHOOKS: '100' });
});

function verified({ body, headers }: Received, secret: string): Json {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

test('who asked to hear of it is told that a generation succeeded, in a form that the library of the standard verifies', async () => {
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

test('what happened before a kill is told after it', async () => {
  const dataDirectory = newDataDirectory();
  const env = { ...LOCAL_WEBHOOKS, DATA_DIR: dataDirectory, WEBHOOK_RETRY_SECONDS: '1,1,1,1,1,1,1,1,1,1' };
  // A port on which nobody listens, for now.
  const receiver = await startReceiver();
  const port = Number(new URL(receiver.url).port) + 1;
  const first = await startServer(env);
  const { id, secret } = await createWebhook(first, `http://127.0.0.1:${String(port)}/hook`, DONE);
  const generation = await finished(first, (await generate(first, QUICK)).id);
  const [waiting] = await settled(first, id, (one) => one.attempts > 0 && one.lastError !== null);
  expect(waiting).toMatchObject({
    status: 'PENDING',
    lastStatusCode: null,
    lastError: 'the connection failed: ECONNREFUSED',
  });
  await first.kill();
  const late = await startReceiver(status(204), port);
  const second = await startServer(env);
  const [request] = await late.heard(1);
  expect(verified(request as Received, secret).data.generationId).toBe(generation.id);
  expect(request?.headers['webhook-id']).toBe(waiting.id);
  await settled(second, id, (one) => one.status === 'SUCCEEDED');
});

test('an orderly end waits for no receiver; what it broke off is sent by the next start and counts as nothing', async () => {
  const env = { ...LOCAL_WEBHOOKS, DATA_DIR: newDataDirectory(), WEBHOOK_TIMEOUT_SECONDS: '30' };
  let answers = false;
  const receiver = await startReceiver((response) => answers && response.writeHead(200).end());
  const first = await startServer(env);
  const { id } = await createWebhook(first, receiver.url, DONE);
  await generate(first, QUICK);
  await receiver.heard(1);
  // A process that cannot close everything in time ends itself with 1, long before the delivery times out.
  expect(await first.stop()).toBe(0);
  answers = true;
  const second = await startServer(env);
  const [delivery] = await settled(second, id, (one) => one.status === 'SUCCEEDED');
  expect(delivery.attempts).toBe(1);
});

describe('a webhook', () => {
  const create = (input: object): Promise<Json> => server.error(CREATE_WEBHOOK, { input: { events: DONE, ...input } });

  test.each([
    ['ftp://example.com/', 'must start with https:// or http://'],
    ['nonsense', 'is not a URL'],
    ['https://user:pass@example.com/', 'must not contain credentials'],
    ['http://10.0.0.1/', 'may not be reached: private'],
    ['http://169.254.169.254/latest/meta-data/', 'may not be reached: link-local'],
    ['http://2130706434/', 'may not be reached: loopback'],
    ['http://[::1]:4000/', 'may not be reached: loopback'],
    ['http://no-such-host.invalid/', 'cannot be resolved'],
  ])('is not made for %s', async (url, problem) => {
    const { message, extensions } = await create({ url });
    expect(message).toMatch(/^input\.url: /);
    expect(message).toContain(problem);
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.url' });
  });

  test('names at least one event, and changes only in what it is told to', async () => {
    const { url } = await startReceiver();
    expect((await create({ url, events: [] })).message).toBe('input.events: must name at least one event');
    const { id } = await createWebhook(server, url, DONE);
    const changed = await server.data(UPDATE, { id, input: { enabled: false, description: 'line 3' } });
    expect(changed.updateWebhook).toMatchObject({ url, events: DONE, enabled: false, description: 'line 3' });
    expect((await server.error(UPDATE, { id, input: { url: 'http://192.168.1.1/' } })).message).toContain('private');
    await server.data(DELETE, { id });
    expect(await fetchWebhook(server, id)).toBeNull();
  });

  test('is one of a bounded number', async () => {
    const small = await startServer({ ...LOCAL_WEBHOOKS, MAX_WEBHOOKS: '2' });
    const input = { url: 'http://127.0.0.1:9/', events: DONE };
    const answers = await Promise.all([1, 2, 3].map(() => small.ask(CREATE_WEBHOOK, { input })));
    const errors = answers.flatMap(({ errors: each }) => each ?? []);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['TOO_MANY_WEBHOOKS']);
    expect(errors[0]?.message).toContain('There are 2 webhooks, which is the limit of 2');
  });

  test('that is not there is NOT_FOUND, whatever is asked of it', async () => {
    expect(await fetchWebhook(server, NOBODY)).toBeNull();
    const asked = [
      server.error(UPDATE, { id: NOBODY, input: {} }),
      server.error(ROTATE, { id: NOBODY, keep: 0 }),
      server.error(DELETE, { id: 'nonsense' }),
      server.error(REDELIVER, { id: NOBODY }),
    ];
    for (const { extensions } of await Promise.all(asked)) expect(extensions.code).toBe('NOT_FOUND');
  });
});

test('where http is not allowed, it is https or nothing', async () => {
  const strict = await startServer();
  const { message } = await strict.error(CREATE_WEBHOOK, { input: { url: 'http://example.com/', events: DONE } });
  expect(message).toBe('input.url: must start with https://');
  const local = await strict.error(CREATE_WEBHOOK, { input: { url: 'https://127.0.0.1/', events: DONE } });
  expect(local.message).toBe('input.url: host 127.0.0.1 is at an address that may not be reached: loopback');
});
