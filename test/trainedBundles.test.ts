/**
 * Trainings that make whole bundles: asked for, published, drawn with, exported; and who hears of trainings. The child is a fake one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HAS_BROKER, listenTo, startBroker } from './support/broker.js';
import { endDaemon, freePort } from './support/daemon.js';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { bytesAt, finished, generate } from './support/generations.js';
import { importParts, modelsOf } from './support/models.js';
import { LOCAL_WEBHOOKS, createWebhook, startReceiver } from './support/receiver.js';
import { verified } from './support/webhooks.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import {
  FAKE_TRAINER,
  endTraining,
  refusedTraining,
  startTraining,
  trainableDataSet,
  trainingEnded,
} from './support/trainings.js';
import { until } from './support/until.js';
import { entriesIn, textIn } from './support/zip.js';

const dataDirectory = newDataDirectory();
const port = await freePort();
const env = {
  DATA_DIR: dataDirectory,
  MODELS_DIR: STUDENT_MODELS,
  MQTT_URL: `mqtt://127.0.0.1:${String(port)}`,
  ...FAKE_TRAINER,
  ...LOCAL_WEBHOOKS,
};
let server: Server;
let dataSetId: string;

beforeAll(async () => {
  server = await startServer(env, { keep: true });
  await importParts(server);
  dataSetId = await trainableDataSet(server, { partNumber: 'TIN', defectCode: 'DENT' });
});

const wish = (name: string, more: object = {}): object => ({ dataSetId, name, version: '1.0.0', minutes: 1, ...more });
const storedBytes = async (): Promise<number> =>
  (await server.data('{ usage { storedBytes { used } } }')).usage.storedBytes.used as number;

test.each(['FINE_TUNE', 'FROM_SCRATCH'])(
  '%s makes a bundle, which is published, drawn with, and exported',
  async (kind) => {
    const name = `finishes-${kind.toLowerCase().replace('_', '-')}`;
    const { id, options } = await startTraining(server, wish(name, { kind }));
    expect(options.rank).toBeNull();
    const training = await trainingEnded(server, id);
    expect(training).toMatchObject({ kind, status: 'SUCCEEDED', base: 'student@1.0.0', isPublishable: true });
    expect(training.verdict.pairs[0].before).toBe(0.5);
    const { model } = await endTraining(server, 'publish', id);
    expect(model).toEqual({ id: `${name}@1.0.0`, visibility: 'PRIVATE' });
    expect((await modelsOf(server)).find((one) => one.id === model.id)).toMatchObject({ base: null });
    const drawing = { partNumber: 'TIN', defectCode: 'DENT', model: name, steps: 2 };
    const generation = await finished(server, (await generate(server, drawing)).id);
    expect([generation.error, generation.status]).toEqual([null, 'SUCCEEDED']);
    const { archive } = await exportEnded(server, (await exportDataset(server, { format: 'COCO' })).id);
    const { models } = JSON.parse(textIn(entriesIn(await bytesAt(archive.url)), 'manifest.json')) as Json;
    expect(models).toContainEqual(expect.objectContaining({ model: `${name}@1.0.0` }));
  },
);

test('the child is told the kind, whether to compare detectors, and no rank', async () => {
  const { id } = await startTraining(server, wish('lingers', { kind: 'FROM_SCRATCH', measureDetectors: false }));
  const file = join(dataDirectory, 'trainings', id, 'request.json');
  const request = await until(() => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Json;
    } catch {
      return undefined;
    }
  });
  expect(request).toMatchObject({
    kind: 'FROM_SCRATCH',
    detectors: false,
    bundle: join(STUDENT_MODELS, 'student', '1.0.0'),
  });
  expect(request).not.toHaveProperty('adapter_rank');
  await endTraining(server, 'cancel', id);
});

test('the verdict says of detectors what they gain, and of products why not; without them, it says nothing', async () => {
  const { verdict } = await trainingEnded(server, (await startTraining(server, wish('finishes-compared'))).id);
  expect(verdict.detectors).toEqual([
    {
      ...{ product: 'brass cog', photographs: 4, without: 0.5, withSamples: 0.52, conclusion: 'NOT_TOLD_APART' },
      gain: { mean: 0.02, low: -0.01, high: 0.05 },
    },
  ]);
  expect(verdict.withoutDetectors).toEqual([{ product: 'brass ring', reason: 'OUT_OF_TIME' }]);
  const { id, options } = await startTraining(server, wish('finishes-alone', { measureDetectors: false }));
  expect(options.measureDetectors).toBe(false);
  expect((await trainingEnded(server, id)).verdict).toMatchObject({ detectors: [], withoutDetectors: [] });
});

test('webhooks hear of its start and its end, with what leads to it', async () => {
  const receiver = await startReceiver();
  const events = ['TRAINING_STARTED', 'TRAINING_SUCCEEDED', 'TRAINING_FAILED', 'TRAINING_CANCELED'];
  const { secret } = await createWebhook(server, receiver.url, events);
  const { id } = await startTraining(server, wish('finishes-heard', { kind: 'FINE_TUNE', idempotencyKey: 'nightly' }));
  await trainingEnded(server, id);
  const bodies = (await receiver.heard(2)).map((request) => verified(request, secret) as Json);
  expect(bodies.map(({ type }) => type as string).sort()).toEqual(['training.started', 'training.succeeded']);
  expect(bodies.find(({ type }) => type === 'training.succeeded')?.data).toEqual({
    trainingId: id,
    status: 'SUCCEEDED',
    kind: 'FINE_TUNE',
    base: 'student@1.0.0',
    name: 'finishes-heard',
    version: '1.0.0',
    dataSetId,
    idempotencyKey: 'nightly',
    attempts: 1,
    error: null,
  });
  const { node } = await server.data('query ($id: ID!) { node(id: $id) { ... on Training { status } } }', { id });
  expect(node).toEqual({ status: 'SUCCEEDED' });
});

test('one subscription has the events of all trainings of the tenant, also those since a time', async () => {
  const since = new Date().toISOString();
  const ids = [];
  for (const name of ['finishes-first', 'finishes-second'])
    ids.push((await startTraining(server, wish(name))).id as string);
  const query = `subscription { allTrainingEvents(since: "${since}") { type: __typename
    ... on TrainingQueued { seq training { id } } ... on TrainingStarted { seq training { id } }
    ... on TrainingNoted { seq training { id } } ... on TrainingProgressed { seq training { id } }
    ... on ImageGridReady { seq training { id } } ... on TrainingJudged { seq training { id } }
    ... on TrainingSucceeded { seq training { id } } } }`;
  const events: Json[] = [];
  for await (const { data } of server.subscribe(query)) {
    events.push(data.allTrainingEvents);
    if (events.filter(({ type }) => type === 'TrainingSucceeded').length === ids.length) break;
  }
  const byId = Map.groupBy(events, ({ training }) => training.id as string);
  expect([...byId.keys()].sort()).toEqual(ids.sort());
  for (const own of byId.values()) expect(own.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

(HAS_BROKER ? test : test.skip)('a broker hears of them too, and keeps the last', async () => {
  const { id } = await startTraining(server, wish('finishes-published', { kind: 'FINE_TUNE' }));
  await trainingEnded(server, id);
  const broker = await startBroker(port);
  const { client, heard } = await listenTo(broker.url, ['defectdiffu/default/trainings/#']);
  const ended = ({ body }: { body: Json }): boolean =>
    body.data?.trainingId === id && body.type === 'training.succeeded';
  const messages = await heard((all) => all.filter(ended).length >= 2);
  const events = messages.filter(({ topic, body }) => topic.endsWith('/events') && body.data.trainingId === id);
  expect([...new Map(events.map(({ body }) => [body.id, body.type as string])).values()]).toEqual([
    'training.started',
    'training.succeeded',
  ]);
  await client.endAsync(true);
  const late = await listenTo(broker.url, ['defectdiffu/default/trainings/status']);
  const [kept] = await late.heard((all) => all.length > 0);
  expect(kept).toMatchObject({ retained: true, body: { type: 'training.succeeded', data: { trainingId: id } } });
  await late.client.endAsync(true);
  await endDaemon(broker.process, 'SIGKILL');
});

test('publishing needs no more room than the archive has taken', async () => {
  const { id } = await startTraining(server, wish('finishes-small', { kind: 'FINE_TUNE' }));
  await trainingEnded(server, id);
  const used = await storedBytes();
  await server.stop();
  server = await startServer({ ...env, QUOTA_STORED_BYTES: String(used + 4096) }, { keep: true });
  await endTraining(server, 'publish', id);
  expect(await storedBytes()).toBeLessThanOrEqual(used + 4096);
});

test.each([
  [
    { kind: 'FINE_TUNE', rank: 4 },
    'BAD_USER_INPUT',
    'input[0].rank: is for an ADAPTER; a FINE_TUNE has none, and got 4',
  ],
  [{ kind: 'FROM_SCRATCH', base: 'nobody' }, 'UNKNOWN_MODEL', 'there is no "nobody"'],
])('%j is refused', async (more, code, message) => {
  const { extensions, message: found } = await refusedTraining(server, wish('other', more));
  expect(extensions.code).toBe(code);
  expect(found).toContain(message);
});
