/**
 * A bundle that a training of the tenant made is the base of the next ones: of bundles and of adapters, which are drawn with, kept apart
 * from other tenants, and keep it from being deleted. The child is a fake one.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { bundleArchive } from './support/bundles.js';
import { drawnAt, finished, generate, samplesIn } from './support/generations.js';
import { archiveOf, importParts, putModel, uploadModel } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { newTenant } from './support/stranger.js';
import {
  FAKE_TRAINER,
  endTraining,
  refusedTraining,
  startTraining,
  trainableDataSet,
  trainingEnded,
} from './support/trainings.js';
import { until } from './support/until.js';

const COG = { partNumber: 'BRASS-COG', defectCode: 'DENT', steps: 4, seed: 7 };
const BASE = 'finishes-base@1.0.0';

const dataDirectory = newDataDirectory();
let server: Server;
let stranger: string;
/** By the key of the tenant; '' is the usual one. */
const dataSets = new Map<string, string>();

beforeAll(async () => {
  stranger = await newTenant(dataDirectory, 'stranger');
  server = await startServer({ DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS, ...FAKE_TRAINER });
  for (const key of [undefined, stranger]) {
    await importParts(server, key);
    const shown = { partNumber: 'BRASS-COG', defectCode: 'DENT' };
    dataSets.set(key ?? '', await trainableDataSet(server, shown, key));
  }
  await published('finishes-base', { kind: 'FINE_TUNE' });
});

const wish = (name: string, more: object = {}, key = ''): object => ({
  ...{ dataSetId: dataSets.get(key), name, version: '1.0.0', minutes: 1 },
  ...more,
});

async function published(name: string, more: object, key?: string): Promise<Json> {
  const { id } = await startTraining(server, wish(name, more, key), key);
  const { error, base } = await trainingEnded(server, id, key);
  expect(error).toBeNull();
  const { model } = await endTraining(server, 'publish', id, key);
  return { id: model.id, base };
}

async function drawn(input: object, key?: string): Promise<string[]> {
  const { id } = await generate(server, input, key);
  const query = `query ($id: ID!) { generation(id: $id) { status error { message } samples { edges { node { image { url } } } } } }`;
  const generation = await until(async () => {
    const found = (await server.data(query, { id }, key)).generation;
    return ['SUCCEEDED', 'FAILED'].includes(found.status as string) && found;
  });
  expect(generation.error).toBeNull();
  return Promise.all(samplesIn(generation).map(async ({ image }: Json) => hash('sha256', await drawnAt(image.url))));
}

async function fetchModel(id: string, key?: string): Promise<Json> {
  const query = 'query ($id: ID!) { model(id: $id) { id base visibility isTrainingBase } }';
  return (await server.data(query, { id }, key)).model;
}

const deleted = (id: string): Promise<Json> =>
  server
    .ask('mutation ($id: String!) { deleteModel(id: $id) }', { id })
    .then(({ data, errors }) => data?.deleteModel ?? errors?.[0]);

test('the child is given its files, and continues with them', async () => {
  const { id, base } = await startTraining(server, wish('lingers', { base: 'finishes-base', kind: 'FINE_TUNE' }));
  expect(base).toBe(BASE);
  const folder = join(dataDirectory, 'trainings', id, 'base');
  const request = await until(() => {
    try {
      return JSON.parse(readFileSync(join(folder, '../request.json'), 'utf8')) as Json;
    } catch {
      return undefined;
    }
  });
  expect(request.bundle).toBe(folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8')) as Json;
  expect(manifest.name).toBe('finishes-base');
  for (const { variants } of Object.values<Json>(manifest.components))
    expect(hash('sha256', readFileSync(join(folder, variants[0].file as string)))).toBe(variants[0].sha256);
  await endTraining(server, 'cancel', id);
  const { id: resumed } = await startTraining(server, wish('resumes-base', { base: 'finishes-base' }));
  expect(await trainingEnded(server, resumed)).toMatchObject({ status: 'SUCCEEDED', attempts: 2 });
  await endTraining(server, 'discard', resumed);
});

test('a bundle made of it is drawn with, and can be a base itself', async () => {
  const { id, base } = await published('finishes-next', { kind: 'FINE_TUNE', base: BASE });
  expect([id, base]).toEqual(['finishes-next@1.0.0', BASE]);
  expect(await fetchModel(id)).toEqual({ id, base: null, visibility: 'PRIVATE', isTrainingBase: true });
  const tin = { ...COG, partNumber: 'TIN' };
  expect(await drawn({ ...tin, model: id })).toEqual(await drawn(tin));
  // Nothing belongs to it: a bundle has weights of its own.
  expect(await deleted(id)).toBe(id);
});

test('an adapter of it draws what the same adapter of the same graphs draws, also after its device died', async () => {
  const { id } = await published('finishes-cog', { base: BASE });
  expect(await fetchModel(id)).toEqual({ id, base: BASE, visibility: 'PRIVATE', isTrainingBase: false });
  await uploadModel(server, await archiveOf('cog'));
  const expected = await drawn({ ...COG, model: 'cog' });
  expect(await drawn({ ...COG, model: id })).toEqual(expected);
  const pids = [...server.output().matchAll(/"pid":(\d+),"bundles"/g)].map(([, pid]) => Number(pid));
  process.kill(pids.at(-1) ?? 0, 'SIGKILL');
  expect(await drawn({ ...COG, seed: 8, model: id })).toEqual(await drawn({ ...COG, seed: 8, model: 'cog' }));
});

test('it is not deleted while an adapter belongs to it or a training begins with it; then both are', async () => {
  const belongs = {
    extensions: { code: 'MODEL_IN_USE', field: 'id' },
    message: expect.stringContaining('"finishes-cog@1.0.0"'),
  };
  expect(await deleted(BASE)).toMatchObject(belongs);
  const { id } = await startTraining(server, wish('lingers-2', { base: BASE }));
  const { id: waiting } = await generate(server, { ...COG, count: 2, steps: 200, model: 'finishes-cog' });
  expect(await deleted('finishes-cog@1.0.0')).toBe('finishes-cog@1.0.0');
  expect(await deleted(BASE)).toMatchObject({ extensions: { code: 'MODEL_IN_USE', trainingId: id } });
  await endTraining(server, 'cancel', id);
  const { id: undecided } = await startTraining(server, wish('finishes-undecided', { base: BASE }));
  await trainingEnded(server, undecided);
  expect(await deleted(BASE)).toMatchObject({ extensions: { code: 'MODEL_IN_USE', trainingId: undecided } });
  await endTraining(server, 'discard', undecided);
  expect(await deleted(BASE)).toBe(BASE);
  expect((await refusedTraining(server, wish('other', { base: BASE }))).extensions.code).toBe('UNKNOWN_MODEL');
  // What was accepted before is still drawn, from files that nobody can name any more.
  expect((await finished(server, waiting)).error).toBeNull();
});

test('an adapter can be uploaded for one that is there, and not for one that was deleted', async () => {
  await published('finishes-again', { kind: 'FINE_TUNE' });
  const of = (base: string) =>
    archiveOf('ring', ({ manifest }) => {
      manifest.name = `ring-${base}`;
      manifest.base = { ...manifest.base, name: base };
    });
  const id = await uploadModel(server, await of('finishes-again'));
  expect(await fetchModel(id)).toMatchObject({ base: 'finishes-again@1.0.0', isTrainingBase: false });
  const { status, body } = await putModel(server, await of('finishes-base'));
  expect([status, body.errors[0].extensions.code]).toEqual([422, 'MODEL_INVALID']);
  expect(body.errors[0].message).toContain('belongs to the bundle finishes-base@1.0.0, which is not');
});

test('an uploaded bundle is no base, for the training package would build whatever it says', async () => {
  const id = await uploadModel(server, await bundleArchive());
  expect(await fetchModel(id)).toMatchObject({ base: null, isTrainingBase: false });
  const { message, extensions } = await refusedTraining(server, wish('other', { base: 'mine' }));
  expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input[0].base' });
  expect(message).toContain('"mine@1.0.0" was uploaded; a training begins with');
});

test("another tenant's base is unknown, and one of the same name is another one", async () => {
  const id = 'finishes-again@1.0.0';
  for (const kind of ['ADAPTER', 'FINE_TUNE']) {
    const wished = wish('other', { base: id, kind }, stranger);
    const available = ['student@1.0.0'];
    expect(await refusedTraining(server, wished, stranger)).toMatchObject({
      extensions: { code: 'UNKNOWN_MODEL', available },
    });
  }
  expect(await fetchModel(id, stranger)).toBeNull();
  const adapter = await archiveOf(
    'ring',
    ({ manifest }) => (manifest.base = { ...manifest.base, name: 'finishes-again' }),
  );
  const answer = await putModel(server, adapter, stranger);
  expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([422, 'MODEL_INVALID']);
  await published('finishes-again', { kind: 'FINE_TUNE' }, stranger);
  const theirs = await published('finishes-ring', { base: id }, stranger);
  expect(await fetchModel(theirs.id, stranger)).toMatchObject({ base: id });
  expect(await drawn({ ...COG, model: theirs.id }, stranger)).toHaveLength(1);
  // Of the owner's, one adapter is left.
  await server.data('mutation { deleteModel(id: "ring-finishes-again@1.0.0") }');
  expect(await deleted(id)).toBe(id);
  expect(await drawn({ ...COG, seed: 9, model: theirs.id }, stranger)).toHaveLength(1);
});
