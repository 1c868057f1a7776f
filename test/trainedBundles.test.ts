/** Trainings that make whole bundles: asked for, published, drawn with, exported. The child is a fake one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
const env = { DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS, ...FAKE_TRAINER, ...LOCAL_WEBHOOKS };
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

test('the child is told the kind, and no rank', async () => {
  const { id } = await startTraining(server, wish('lingers', { kind: 'FROM_SCRATCH' }));
  const file = join(dataDirectory, 'trainings', id, 'request.json');
  const request = await until(() => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Json;
    } catch {
      return undefined;
    }
  });
  expect(request).toMatchObject({ kind: 'FROM_SCRATCH', bundle: join(STUDENT_MODELS, 'student', '1.0.0') });
  expect(request).not.toHaveProperty('adapter_rank');
  await endTraining(server, 'cancel', id);
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
  [{ kind: 'FINE_TUNE', rank: 4 }, 'input[0].rank: is for an ADAPTER; a FINE_TUNE has none, and got 4'],
  [{ kind: 'FROM_SCRATCH', base: 'finishes-fine-tune' }, 'a training begins with one of the service'],
])('%j is refused', async (more, message) => {
  const { extensions, message: found } = await refusedTraining(server, wish('other', more));
  expect(extensions.code).toBe('BAD_USER_INPUT');
  expect(found).toContain(message);
});
