import { readFileSync } from 'node:fs';
import { CANCEL, QUICK, SLOW, eventsOf, finished, generate } from './support/generations.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';
import { speak } from './support/socket.js';
import { stream } from './support/tenancy.js';
import { until } from './support/until.js';

type Metrics = (series: string) => number;

const place = ({ url }: Server): string => url.replace('/graphql', '/metrics');

async function metrics(server: Server): Promise<Metrics> {
  const text = await (await fetch(place(server))).text();
  const values = new Map(
    text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
  return (series) => values.get(`defectdiffu_${series}`) ?? Number.NaN;
}

let server: Server;

beforeAll(async () => {
  server = await startServer();
});

test('what was asked, how it was answered and how long it took is counted', async () => {
  await finished(server, (await generate(server, { ...QUICK, count: 3, steps: 5 })).id);
  await server.error('{ nothing }');
  await server.error('{ serverInfo { version } }', {}, 'a-wrong-key');
  await server.error(CANCEL, { id: 'nobody' });
  const now = await metrics(server);
  expect(now('requests_total{operation="mutation",outcome="ok"}')).toBe(1);
  expect(now('requests_total{operation="mutation",outcome="refused"}')).toBe(1);
  expect(now('requests_total{operation="query",outcome="ok"}')).toBe(1);
  expect(now('http_request_seconds_count{route="/graphql",status="2xx"}')).toBeGreaterThan(2);
  expect(now('http_request_seconds_count{route="/graphql",status="4xx"}')).toBeGreaterThan(0);
  await fetch(place(server).replace('/metrics', '/made-up'));
  expect((await metrics(server))('http_request_seconds_count{route="other",status="4xx"}')).toBe(1);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(now(`build_info{version="${version}",role="all",node="${process.versions.node}"}`)).toBe(1);
  for (const [state, value] of Object.entries({ READY: 1, STARTING: 0, RESTARTING: 0, FAILED: 0 }))
    expect(now(`device_state{device="cpu",state="${state}"}`)).toBe(value);
  for (const queue of [
    'export_queue_depth',
    'training_queue_depth',
    'trainings_running',
    'webhook_queue_depth',
    'webhook_overdue_seconds',
  ])
    expect(now(queue)).toBe(0);
  // One could not be validated, one was not authenticated.
  expect(now('requests_total{operation="unknown",outcome="refused"}')).toBe(2);
  expect(now('requests_total{operation="subscription",outcome="ok"}')).toBe(1);
  expect(now('queue_seconds_count')).toBe(1);
  expect(now('first_sample_seconds_count')).toBe(1);
  expect(now('generation_seconds_count{outcome="succeeded"}')).toBe(1);
  expect(now('generation_seconds_sum{outcome="succeeded"}')).toBeGreaterThanOrEqual(now('first_sample_seconds_sum'));
});

test('operations over event streams are counted alike, those that are refused among them', async () => {
  const asked = [
    'requests_total{operation="query",outcome="ok"}',
    'requests_total{operation="unknown",outcome="refused"}',
  ];
  const counts = async (): Promise<number[]> => asked.map(await metrics(server));
  const [answered = 0, refused = 0] = await counts();
  await stream(server, '{ caller { role } }').next();
  await stream(server, '{ nothing }').next();
  await stream(server, '{ oops').next();
  await expect(stream(server, '{ caller { role } }', {}, 'a-wrong-key').next()).rejects.toThrow();
  expect(await counts()).toEqual([answered + 1, refused + 3]);
});

test('the device tells of its steps: every sample advanced five times, alone or together', async () => {
  // Metrics that are not reported within a second are reported when the device is idle.
  await until(async () => (await metrics(server))('batch_size_sum{device="cpu"}') >= 15);
  const now = await metrics(server);
  expect(now('batch_size_sum{device="cpu"}')).toBe(15);
  expect(now('batch_size_count{device="cpu"}')).toBe(now('step_seconds_count{device="cpu"}'));
  expect(now('step_seconds_sum{device="cpu"}')).toBeGreaterThan(0);
});

test('the queue and the subscribers are those of now', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push((await generate(server, SLOW)).id);
  const socket = await speak(server);
  const query = 'subscription ($id: ID!) { generationEvents(id: $id) { __typename } }';
  for (const id of ['1', '2']) socket.send({ id, type: 'subscribe', payload: { query, variables: { id: ids[0] } } });
  await socket.next();
  await until(async () => (await metrics(server))('running') === 4);
  const busy = await metrics(server);
  expect(busy('queue_depth')).toBe(2);
  expect(busy('queued_samples')).toBeGreaterThan(300);
  expect(busy('ws_subscribers')).toBe(2);
  socket.close();
  for (const id of ids) await server.data(CANCEL, { id });
  await until(async () => {
    const idle = await metrics(server);
    return idle('running') === 0 && idle('queue_depth') === 0 && idle('ws_subscribers') === 0;
  });
});

test('a device worker that is killed is seen, as a restart and as what may have been a lack of memory', async () => {
  const { id } = await generate(server, SLOW);
  await eventsOf(server, id, 0, ({ type }) => type === 'GenerationStarted');
  const [, pid] = /"pid":(\d+).*device cpu is ready/.exec(server.output()) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  await until(async () => (await metrics(server))('device_process_restarts_total{device="cpu"}') === 1);
  expect((await metrics(server))('oom_total{device="cpu"}')).toBe(1);
  await server.data(CANCEL, { id });
});

test('the process and its event loop are told of, and no tenant is', async () => {
  const text = await (await fetch(place(server))).text();
  for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds'])
    expect(text).toContain(`\n${name} `);
  expect(text).not.toMatch(/tenant/i);
});

test('without a token it is for callers on this machine, and not for those who came through a proxy', async () => {
  expect((await fetch(place(server))).status).toBe(200);
  const proxied = await fetch(place(server), { headers: { 'x-forwarded-for': '203.0.113.7' } });
  expect(proxied.status).toBe(403);
});

test('with a token it is for who has it, from anywhere', async () => {
  const guarded = await startServer({ METRICS_TOKEN: 'a-token-for-prometheus' });
  const statusWith = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(place(guarded), { headers: { 'x-forwarded-for': '203.0.113.7', ...headers } })).status;
  expect(await statusWith({})).toBe(401);
  expect(await statusWith({ authorization: 'Bearer a-token-for-nobody' })).toBe(401);
  expect(await statusWith({ authorization: 'Bearer a-token-for-prometheus' })).toBe(200);
});
