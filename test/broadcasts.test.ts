/** Who is told of everything that happens in a tenant: one subscription, webhooks of exports, and an MQTT broker. */
import type { Broker } from './support/broker.js';
import { HAS_BROKER, MOSQUITTO, listenTo, startBroker } from './support/broker.js';
import { endDaemon, freePort } from './support/daemon.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { QUICK, finished, generate } from './support/generations.js';
import type { Received } from './support/receiver.js';
import { LOCAL_WEBHOOKS, createWebhook, startReceiver } from './support/receiver.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { verified } from './support/webhooks.js';

const testWithBroker = HAS_BROKER ? test : test.skip;
if (!HAS_BROKER) process.stderr.write(`MQTT is not tested: there is no ${MOSQUITTO} (apt-get install mosquitto)\n`);

let server: Server;
let port: number;
let broker: Broker | undefined;

beforeAll(async () => {
  port = await freePort();
  server = await startServer({
    ...LOCAL_WEBHOOKS,
    MQTT_URL: `mqtt://user:secret-of-the-broker@127.0.0.1:${String(port)}`,
    MQTT_TOPIC: 'plant-2/dd',
  });
});
afterAll(async () => {
  if (broker !== undefined) await endDaemon(broker.process, 'SIGKILL');
});

const all = (since = 'null') => `subscription { allGenerationEvents(since: ${since}) {
  type: __typename
  ... on GenerationQueued { seq generation { id } } ... on GenerationStarted { seq generation { id } }
  ... on GenerationProgressed { seq generation { id } } ... on SampleReady { seq generation { id } sample { index } }
  ... on GenerationSucceeded { seq generation { id } } ... on GenerationFailed { seq generation { id } }
  ... on GenerationCanceled { seq generation { id } } } }`;

/** The events until so many generations have ended, by generation. */
async function heard(stream: AsyncIterableIterator<Json>, ends: number): Promise<Map<string, Json[]>> {
  const events: Json[] = [];
  let ended = 0;
  for await (const { data, errors } of stream) {
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    const event = data.allGenerationEvents;
    events.push(event);
    if (event.type === 'GenerationSucceeded' && ++ended === ends) break;
  }
  return Map.groupBy(events, ({ generation }) => generation.id as string);
}

test('one subscription has the events of all generations, in order and without gaps, also those since a time', async () => {
  const before = await finished(server, (await generate(server, QUICK)).id);
  const since = new Date().toISOString();
  const [first, second] = [await generate(server, { ...QUICK, count: 2 }), await generate(server, QUICK)];
  const stream = server.subscribe(all(JSON.stringify(since)));
  const byId = await heard(stream, 2);
  expect([...byId.keys()].sort()).toEqual([first.id, second.id].sort());
  for (const events of byId.values()) expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(byId.get(first.id)?.filter(({ type }) => type === 'SampleReady')).toHaveLength(2);

  // Without a time, only what follows.
  const live = server.subscribe(all());
  const next = live.next();
  const third = await generate(server, { ...QUICK, priority: 9 });
  const { value } = await next;
  expect(value.data.allGenerationEvents.generation.id).toBe(third.id);
  const rest = await heard(live, 1);
  expect([...rest.keys()]).toEqual([third.id]);
  expect(rest.has(before.id)).toBe(false);
});

test.each([
  ['2020-01-01T00:00:00.000Z', 'is more than a day ago; query generations for what was before'],
  ['2999-01-01T00:00:00.000Z', 'is in the future; leave it out for what follows'],
])('since %s is refused', async (since, problem) => {
  const [refusal] = (await server.subscribe(all(`"${since}"`)).next()).value.errors;
  expect(refusal).toMatchObject({ message: `since: ${since} ${problem}`, extensions: { field: 'since' } });
});

test('a webhook hears of the end of an export', async () => {
  const receiver = await startReceiver();
  const { secret } = await createWebhook(server, receiver.url, ['EXPORT_SUCCEEDED', 'EXPORT_FAILED']);
  await finished(server, (await generate(server, QUICK)).id);
  const { id } = await exportDataset(server, { format: 'COCO', idempotencyKey: 'nightly' });
  const { archive, sampleCount } = await exportEnded(server, id);
  const [request] = await receiver.heard(1);
  expect(verified(request as Received, secret)).toEqual({
    type: 'export.succeeded',
    timestamp: expect.stringMatching(/^\d{4}-/),
    data: {
      exportId: id,
      status: 'SUCCEEDED',
      format: 'COCO',
      sampleCount,
      photographCount: 0,
      idempotencyKey: 'nightly',
      archiveBytes: archive.bytes,
      archiveSha256: archive.sha256,
      error: null,
    },
  });
});

testWithBroker(
  'a broker gets the same events, what happened before it was there included, and keeps the last',
  async () => {
    const part = 'A/12+3 #ö';
    const product = 'A%2F12%2B3%20%23%C3%B6';
    const input = { products: [{ partNumber: part, promptName: 'tile' }] };
    await server.data(
      'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { created } } }',
      {
        input,
      },
    );
    // The broker is away: events wait.
    const early = await finished(server, (await generate(server, { ...QUICK, partNumber: part })).id);
    broker = await startBroker(port);
    const { client, heard: hear } = await listenTo(broker.url, ['plant-2/dd/#']);
    const ofEarly = (message: { body: Json; topic: string }) => message.body.data?.generationId === early.id;
    const messages = await hear((all) => all.some((one) => ofEarly(one) && one.body.type === 'generation.succeeded'));
    const events = messages.filter((one) => ofEarly(one) && one.topic.endsWith('/events'));
    expect(new Set(events.map(({ topic }) => topic))).toEqual(
      new Set([`plant-2/dd/default/products/${product}/events`]),
    );
    const types = [...new Map(events.map(({ body }) => [body.id, body.type])).values()];
    expect(types).toEqual(['generation.started', 'sample.ready', 'generation.succeeded']);
    expect(events.at(-1)?.body.data).toMatchObject({
      status: 'SUCCEEDED',
      partNumber: part,
      samplesDone: 1,
      error: null,
    });
    await client.endAsync(true);

    // Whoever comes later gets the last state of each product, and whether the service is there.
    const late = await listenTo(broker.url, [`plant-2/dd/default/products/${product}/status`, 'plant-2/dd/status']);
    const kept = await late.heard((all) => all.length === 2);
    expect(kept.every(({ retained }) => retained)).toBe(true);
    expect(kept.find(({ topic }) => topic === 'plant-2/dd/status')?.body).toBe('online');
    expect(kept.find(ofEarly)?.body.type).toBe('generation.succeeded');
    expect(server.output()).not.toContain('secret-of-the-broker');

    // A kill is told by the broker itself, with the will.
    await server.kill();
    await late.heard((all) => all.at(-1)?.body === 'offline');
    await late.client.endAsync(true);
  },
);
