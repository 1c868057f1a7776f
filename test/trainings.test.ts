/** Trainings as durable work: accepted, trained by a child process, watched, published or discarded. The child is a fake one. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { IMPORT } from './support/catalog.js';
import { bytesAt, finished, generate } from './support/generations.js';
import { xmpOf } from './support/marks.js';
import { importParts, modelsOf } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { newTenant } from './support/stranger.js';
import {
  FAKE_TRAINER,
  endTraining,
  fetchTraining,
  refusedTraining,
  startTraining,
  trainableDataSet,
  trainingEnded,
} from './support/trainings.js';
import { until } from './support/until.js';

const dataDirectory = newDataDirectory();
const env = { DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS, MAX_TRAINING_MINUTES: '60', ...FAKE_TRAINER };
let server: Server;
let stranger: string;
let dataSetId: string;

beforeAll(async () => {
  stranger = await newTenant(dataDirectory, 'stranger');
  server = await startServer(env, { keep: true });
  await importParts(server);
  dataSetId = await trainableDataSet(server, { partNumber: 'BRASS-COG', defectCode: 'DENT' });
});

const wish = (name: string, more: object = {}): object => ({ dataSetId, name, version: '1.0.0', minutes: 1, ...more });
const foldersOf = (): string[] => readdirSync(join(dataDirectory, 'trainings'));

async function eventsOf(id: string, after = 0): Promise<Json[]> {
  const query = `subscription ($id: ID!, $after: Int) { trainingEvents(id: $id, after: $after) { __typename
    ... on TrainingStarted { seq attempt } ... on TrainingProgressed { seq progress { phase done figures { name value } } }
    ... on TrainingNoted { seq isWarning message } ... on ImageGridReady { seq imageGrid { step image { url } } }
    ... on TrainingJudged { seq verdict { pairs { samples } } } ... on TrainingSucceeded { seq training { status } }
    ... on TrainingFailed { seq error { code } } ... on TrainingCanceled { seq } ... on TrainingQueued { seq } } }`;
  const events: Json[] = [];
  for await (const { data } of server.subscribe(query, { id, after })) events.push(data.trainingEvents);
  return events;
}

test('a training tells what it does, and its model is drawn with once it is published, not before', async () => {
  const window = { partNumber: 'BRASS-COG', window: 64, flips: 'LEFT_RIGHT' };
  const started = await startTraining(server, wish('finishes-cog', { windows: [window], license: 'CC-BY-4.0' }));
  expect(started).toMatchObject({ status: 'QUEUED', base: 'student@1.0.0', priority: 0, isPublishable: false });
  const events = await eventsOf(started.id);
  expect(events.map(({ __typename }) => __typename)).toEqual([
    'TrainingQueued',
    'TrainingStarted',
    'TrainingNoted',
    'TrainingProgressed',
    'ImageGridReady',
    'TrainingJudged',
    'TrainingSucceeded',
  ]);
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(events[3].progress).toEqual({ phase: 'adapter', done: 1, figures: [{ name: 'total', value: 1 }] });
  expect(await eventsOf(started.id, 5)).toHaveLength(2);
  const training = await fetchTraining(server, started.id);
  expect(training).toMatchObject({ status: 'SUCCEEDED', isPublishable: true, model: null, error: null });
  expect(training.verdict.pairs).toEqual([expect.objectContaining({ product: 'brass cog', samples: 0.75, real: 1 })]);
  const [{ image, pairs }] = training.imageGrids;
  expect(pairs).toEqual([{ product: 'brass cog', defect: 'dent' }]);
  const mark = { AISystemVersionUsed: 'finishes-cog@1.0.0', DocumentID: `urn:uuid:${String(started.id)}` };
  expect(await xmpOf(await bytesAt(image.url))).toMatchObject(mark);
  expect((await modelsOf(server)).map(({ id }) => id)).toEqual(['student@1.0.0']);
  const drawing = { partNumber: 'BRASS-COG', defectCode: 'DENT', model: 'finishes-cog', steps: 2 };
  for (let i = 0; i < 2; i++)
    expect((await endTraining(server, 'publish', started.id)).model).toEqual({
      id: 'finishes-cog@1.0.0',
      visibility: 'PRIVATE',
    });
  expect(await finished(server, (await generate(server, drawing)).id)).toMatchObject({ status: 'SUCCEEDED' });
  expect((await modelsOf(server, stranger)).map(({ id }) => id)).toEqual(['student@1.0.0']);
  expect(await refusedTraining(server, wish('finishes-cog'))).toMatchObject({
    extensions: { code: 'MODEL_VERSION_EXISTS' },
  });
  await until(() => foldersOf().length === 0);
});

test('the child is asked for what the caller asked for, with the photographs in the layout that it reads', async () => {
  const { id } = await startTraining(server, wish('lingers', { rank: 4, seed: 9 }));
  const folder = join(dataDirectory, 'trainings', id);
  const pids = join(folder, 'run', 'pids');
  // A file that was only opened is empty.
  await until(() => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'));
  expect(JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8'))).toMatchObject({
    kind: 'ADAPTER',
    bundle: join(STUDENT_MODELS, 'student', '1.0.0'),
    data: join(folder, 'data'),
    minutes: 1,
    adapter_rank: 4,
    seed: 9,
    provenance: { dataset: 'data set BRASS-COG, version 1', sources: [{ product: 'brass cog' }] },
  });
  const files = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' }).sort();
  expect(files.filter((name) => name.endsWith('.png')).map((name) => name.replace(/[0-9a-f-]{36}/, 'ID'))).toEqual([
    'brass cog/ground_truth/dent/ID_mask.png',
    'brass cog/ground_truth/dent/ID_mask.png',
    'brass cog/test/dent/ID.png',
    'brass cog/test/dent/ID.png',
    'brass cog/train/good/ID.png',
    'brass cog/train/good/ID.png',
  ]);
  const splits = readFileSync(join(folder, 'data', 'manifest.csv'), 'utf8')
    .trim()
    .split('\n');
  expect(splits).toHaveLength(5);
  expect(splits[1]).toMatch(/^"brass cog\/.*\.png",train$/);
  const [pid] = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  expect(await endTraining(server, 'cancel', id)).toMatchObject({ status: 'CANCELED' });
  await until(() => !isAlive(pid ?? 0) && !existsSync(folder));
  expect((await eventsOf(id)).at(-1).__typename).toBe('TrainingCanceled');
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a child that is killed is continued by the next attempt, in the same folder', async () => {
  const { id } = await startTraining(server, wish('resumes'));
  expect(await trainingEnded(server, id)).toMatchObject({ status: 'SUCCEEDED', attempts: 2 });
  const attempts = (await eventsOf(id)).filter(({ __typename }) => __typename === 'TrainingStarted');
  expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(await endTraining(server, 'discard', id)).toMatchObject({ isPublishable: false });
  expect(await server.error('mutation ($id: ID!) { publishTraining(id: $id) { id } }', { id })).toMatchObject({
    message: 'id: the model was discarded',
    extensions: { code: 'TRAINING_HAS_NO_MODEL', status: 'SUCCEEDED' },
  });
});

test('what the requester can mend fails at once; a fault fails after some attempts', async () => {
  const refused = await startTraining(server, wish('refuses'));
  expect(await trainingEnded(server, refused.id)).toMatchObject({
    status: 'FAILED',
    attempts: 1,
    error: { code: 'TRAINING_DATA_INVALID', message: 'brass cog/test/dent/1.png: its mask is empty' },
  });
});

test.each(['crashes', 'stops', 'floods', 'strays'])(
  'a child that %s is a fault, which is tried again',
  async (name) => {
    const { id } = await startTraining(server, wish(name));
    const training = await until(async () => {
      const found = await fetchTraining(server, id);
      return found.error === null ? undefined : found;
    });
    expect(training.error.code).toBe('TRAINING_FAILED');
    await endTraining(server, 'cancel', id);
  },
);

test('a name that became a path after the training was accepted leads nowhere', async () => {
  const busy = await startTraining(server, wish('lingers-first'));
  const { id } = await startTraining(server, wish('finishes-second'));
  const products = [{ partNumber: 'BRASS-COG', name: 'brass cog', promptName: '../../../../escaped' }];
  await server.data(IMPORT, { input: { products } });
  await endTraining(server, 'cancel', busy.id);
  const message = expect.stringContaining('the promptName "../../../../escaped" of a product cannot be learnt');
  expect(await trainingEnded(server, id)).toMatchObject({ error: { code: 'TRAINING_REFUSED', message } });
  expect(readdirSync(dataDirectory)).not.toContain('escaped');
  expect(existsSync(join(dataDirectory, '..', 'escaped'))).toBe(false);
  await importParts(server);
});

test('a service that is killed continues with the training at its next start', async () => {
  const { id } = await startTraining(server, wish('lingers'));
  const pids = join(dataDirectory, 'trainings', id, 'run', 'pids');
  await until(() => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'));
  const [first] = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  await server.kill();
  await until(() => !isAlive(first ?? 0));
  server = await startServer(env, { keep: true });
  await until(() => readFileSync(pids, 'utf8').trim().split('\n').length === 2);
  expect(await fetchTraining(server, id)).toMatchObject({ status: 'RUNNING', attempts: 2 });
  await endTraining(server, 'cancel', id);
});

test.each([
  [{ name: 'My Parts' }, 'input[0].name: "My Parts" must have'],
  [{ version: '1' }, 'input[0].version: "1" must be three numbers'],
  [{ minutes: 61 }, 'input[0].minutes: 61 is out of range 0.1 … 60'],
  [{ rank: 65 }, 'input[0].rank: 65 is out of range 1 … 64'],
  [{ base: 'nobody' }, 'there is no "nobody"'],
  [{ idempotencyKey: 'a\0b' }, 'input[0].idempotencyKey'],
  [{ name: 'student' }, 'is the name of a model of this service'],
  [{ windows: [{ partNumber: 'TIN' }] }, 'the data set has no photograph of "TIN"; it has "BRASS-COG"'],
])('a training that cannot be is refused: %j', async (change, message) => {
  expect((await refusedTraining(server, wish('finishes', change))).message).toContain(message);
});

test('the same key is the same training, and nobody else has it', async () => {
  const keyed = wish('finishes-keyed', { idempotencyKey: 'once' });
  const [one, two] = [await startTraining(server, keyed), await startTraining(server, keyed)];
  expect(two.id).toBe(one.id);
  const other = await refusedTraining(server, wish('finishes-other', { idempotencyKey: 'once' }));
  expect(other.extensions).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', trainingId: one.id });
  expect(await fetchTraining(server, one.id, stranger)).toBeNull();
  expect((await refusedTraining(server, wish('finishes-theirs'), stranger)).extensions.code).toBe('NOT_FOUND');
  await trainingEnded(server, one.id);
});

test('the folder of a canceled training is removed also while others wait', async () => {
  const [first, second, third] = [
    await startTraining(server, wish('lingers-1')),
    await startTraining(server, wish('lingers-2')),
    await startTraining(server, wish('lingers-3')),
  ];
  await until(() => foldersOf().includes(first.id));
  await endTraining(server, 'cancel', first.id);
  await until(() => foldersOf().includes(second.id) && !foldersOf().includes(first.id));
  for (const { id } of [second, third]) await endTraining(server, 'cancel', id);
});

test('a name and version that a training makes already, or that an alias has, is refused', async () => {
  const { id } = await startTraining(server, wish('lingers-5'));
  const second = await refusedTraining(server, wish('lingers-5'));
  expect(second.extensions).toEqual({ code: 'MODEL_VERSION_EXISTS', field: 'input[0].version', trainingId: id });
  await endTraining(server, 'cancel', id);
  await endTraining(server, 'cancel', (await startTraining(server, wish('lingers-5'))).id);
  await server.data('mutation { setModelAlias(alias: "lingers-6", model: "student") { model } }');
  expect((await refusedTraining(server, wish('lingers-6'))).extensions.code).toBe('MODEL_NAME_TAKEN');
});

test('an alias can be the base, for the tenant that has it; an adapter of its own cannot', async () => {
  const set = `mutation { setModelAlias(alias: "line", model: "student@1.0.0") { model } }`;
  await server.data(set, {});
  const { id, base } = await startTraining(server, wish('lingers-4', { base: 'line' }));
  expect(base).toBe('student@1.0.0');
  await endTraining(server, 'cancel', id);
  expect((await refusedTraining(server, wish('other', { base: 'finishes-cog' }))).message).toContain(
    'is an adapter of',
  );
  expect(await refusedTraining(server, wish('other', { base: 'line' }), stranger)).toMatchObject({
    extensions: { code: 'UNKNOWN_MODEL', field: 'input[0].base', available: ['student@1.0.0'] },
  });
});
