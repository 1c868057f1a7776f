/** What the service logs about its work, read from a real one that logs everything. */
import { DrizzleQueryError } from 'drizzle-orm';
import { errorForLog } from '../src/log.js';
import { CANCEL, GENERATE, QUICK, SLOW, bytesAt, finished, generate, samplesIn } from './support/generations.js';
import { photograph } from './support/photographs.js';
import { LOCAL_WEBHOOKS, createWebhook, settled, startReceiver, status } from './support/receiver.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, startServer } from './support/server.js';
import { PHOTOGRAPH, createUpload, put } from './support/uploads.js';
import { until } from './support/until.js';

const TOKEN = 'a-token-for-prometheus';

let server: Server;

beforeAll(async () => {
  server = await startServer({ ...LOCAL_WEBHOOKS, LOG_LEVEL: 'trace', METRICS_TOKEN: TOKEN });
});

function lines(): Json[] {
  return server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Json);
}

async function lineWith(enough: (line: Json) => boolean): Promise<Json> {
  return until(() => lines().find(enough));
}

async function post(query: string, headers: Record<string, string>, variables: object = {}): Promise<Response> {
  const all = { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers };
  return fetch(server.url, { method: 'POST', headers: all, body: JSON.stringify({ query, variables }) });
}

test("a request has an id: the caller's if it is a sound one, else one of ours; it is answered and logged", async () => {
  const given = await post('{ serverInfo { version } }', { 'x-request-id': 'order-4711:a' });
  expect(given.headers.get('x-request-id')).toBe('order-4711:a');
  const line = await lineWith(({ request, msg }) => request === 'order-4711:a' && msg === 'request answered');
  expect(line).toMatchObject({ method: 'POST', path: '/graphql', status: 200, tenant: expect.any(String) });
  for (const odd of ['', 'with spaces', 'x'.repeat(129), '"quoted"']) {
    const answered = await post('{ serverInfo { version } }', { 'x-request-id': odd });
    expect(answered.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('every line about a generation names it and its tenant, from its request to its last statement', async () => {
  const answer = await post(GENERATE, { 'x-request-id': 'the-order' }, { input: [{ ...QUICK, count: 2 }] });
  const { data } = (await answer.json()) as Json;
  const { id } = data.generateDefects[0];
  await finished(server, id);
  const accepted = await lineWith(({ msg, request }) => msg === 'generations accepted' && request === 'the-order');
  expect(accepted.generations).toEqual([id]);
  await lineWith(({ msg, generation }) => msg === 'generation succeeded' && generation === id);
  const about = lines().filter(({ generation }) => generation === id);
  expect(new Set(about.map(({ tenant }) => tenant))).toEqual(new Set([accepted.tenant]));
  const stored = about.filter(({ msg, statement }) => msg === 'query' && /insert into "sample"/.test(statement));
  expect(stored).toHaveLength(2);
  // Nothing of it belongs to the request, which ended long before.
  for (const { request } of about) expect(request).toBeUndefined();
});

test('what is asked over a socket is told with the tenant, and one id for all of the connection', async () => {
  await finished(server, (await generate(server, QUICK)).id);
  const events = lines().filter(
    ({ msg, statement }) => msg === 'query' && /from "generation_event"/.test(statement ?? ''),
  );
  expect(events.length).toBeGreaterThan(0);
  for (const { tenant } of events) expect(tenant).toEqual(expect.any(String));
});

test('a busy service writes no secret, whatever the level', async () => {
  const [taking, refusing] = [await startReceiver(), await startReceiver(status(500))];
  const hooks = [
    await createWebhook(server, `${taking.url}?token=of-the-receiver`, ['GENERATION_SUCCEEDED', 'SAMPLE_READY']),
    await createWebhook(server, refusing.url, ['GENERATION_SUCCEEDED']),
  ];
  const rotated = await server.data('mutation ($id: ID!) { rotateWebhookSecret(id: $id) { secret } }', {
    id: hooks[0]?.id,
  });
  const done = await finished(server, (await generate(server, { ...QUICK, count: 2 })).id);
  for (const { image } of samplesIn(done)) await bytesAt(image.url);
  const upload = await createUpload(server, PHOTOGRAPH);
  await put(upload.url, await photograph(1).png().toBuffer());
  await put(upload.url.replace(/signature=.{4}/, 'signature=AAAA'), Buffer.from('not a picture'));
  await server.error('{ serverInfo { version } }', {}, 'a-wrong-key-that-is-secret');
  await fetch(server.url.replace('/graphql', '/metrics'), { headers: { authorization: `Bearer ${TOKEN}` } });
  const slow = await generate(server, SLOW);
  await server.data(CANCEL, { id: slow.id });
  await settled(server, hooks[0]?.id ?? '', (one) => one.status === 'SUCCEEDED');
  await settled(server, hooks[1]?.id ?? '', (one) => one.status === 'FAILED');
  await lineWith(({ msg, status: end }) => msg === 'webhook delivery attempted' && end === 'FAILED');

  const output = server.output();
  const signatures = [...samplesIn(done).map(({ image }: Json) => image.url), upload.url].map(
    (url) => new URL(url).searchParams.get('signature') ?? '',
  );
  const sent = [...taking.received, ...refusing.received].flatMap(({ headers }) =>
    String(headers['webhook-signature']).split(/[ ,]/),
  );
  const secrets = [
    TEST_KEY,
    TOKEN,
    'a-wrong-key-that-is-secret',
    'of-the-receiver',
    ...hooks.map(({ secret }) => secret.slice(6)),
    rotated.rotateWebhookSecret.secret.slice(6),
    ...signatures,
    ...sent.filter((part) => part.length > 10),
  ];
  expect(secrets.length).toBeGreaterThan(12);
  for (const secret of secrets) expect(output).not.toContain(secret);
  expect(output).not.toMatch(/whsec_|bearer /i);
});

test('what a failed statement was called with is not told, but what failed and where is', () => {
  const error = new DrizzleQueryError('insert into "webhook" values ($1)', ['secret-1\nsecret-2'], new Error('disk'));
  const told = JSON.stringify(errorForLog(error));
  expect(told).not.toContain('secret');
  expect(told).toContain('insert into');
  expect(told).toContain('logs.test');
  expect(errorForLog('a thrown text')).toBe('a thrown text');
});
