/** A tenant's own model: uploaded through the API, drawn at once and after a restart, seen by nobody else, deleted. */
import { hash } from 'node:crypto';

import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { entriesIn, textIn } from './support/zip.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { bytesAt, drawnAt, fetchGeneration, finished, generate, samplesIn } from './support/generations.js';
import { archiveOf, importParts, modelsOf, putModel, uploadModel } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { newTenant } from './support/stranger.js';
import { createUpload, put } from './support/uploads.js';
import { until } from './support/until.js';

const COG = { partNumber: 'BRASS-COG', defectCode: 'DENT', model: 'cog', steps: 4, seed: 7 };
const RING = { ...COG, partNumber: 'BRASS-RING', model: 'ring' };
const DELETE = 'mutation ($id: String!) { deleteModel(id: $id) }';

const dataDirectory = newDataDirectory();
const env = { DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS, MAX_OPEN_MODELS: '1' };
let server: Server;
let stranger: string;
/** What the tenant's model drew first. */
let first: string;

beforeAll(async () => {
  stranger = await newTenant(dataDirectory, 'stranger');
  server = await startServer(env, { keep: true });
});

const imagesOf = async (generation: Json): Promise<string[]> =>
  Promise.all(samplesIn(generation).map(async ({ image }: Json) => hash('sha256', await drawnAt(image.url))));

async function drawn(input: object): Promise<string[]> {
  const { id } = await generate(server, input);
  const generation = await finished(server, id);
  expect(generation.error).toBeNull();
  return imagesOf(generation);
}

/** The stranger, for whom `eventsOf` does not subscribe. */
async function drawnByStranger(input: object): Promise<Json> {
  const { id } = await generate(server, input, stranger);
  return until(async () => {
    const generation = await fetchGeneration(server, id, stranger);
    return ['SUCCEEDED', 'FAILED'].includes(generation.status) ? generation : undefined;
  });
}

test('an uploaded model is listed, its words are known to imports, and it draws at once', async () => {
  expect(await uploadModel(server, await archiveOf('cog'))).toBe('cog@1.0.0');
  const own = (await modelsOf(server)).find(({ id }) => id === 'cog@1.0.0');
  expect(own).toMatchObject({
    visibility: 'PRIVATE',
    base: 'student@1.0.0',
    isDefault: false,
    drawsOnPhotographs: true,
  });
  expect(own.license).toEqual({ id: expect.stringContaining('CC0-1.0'), sources: [{ source: 'random numbers' }] });
  expect(new Date(own.uploadedAt).getTime()).toBeGreaterThan(0);
  const { warnings } = await importParts(server);
  expect(warnings.map(({ message }: Json) => message)).toEqual([
    expect.stringContaining('no model knows "brass ring"'),
  ]);
  const generation = await finished(server, (await generate(server, { ...COG, count: 2 })).id);
  expect(generation).toMatchObject({ status: 'SUCCEEDED', coverage: 'TRAINED', request: { model: 'cog@1.0.0' } });
  [first] = (await imagesOf(generation)) as [string];
});

test('the upload says which model it became, and repeats are the same model', async () => {
  const archive = await archiveOf('cog');
  const { id, url } = await createUpload(server, { purpose: 'MODEL' });
  for (let i = 0; i < 2; i++)
    expect(await put(url, archive)).toEqual({ status: 201, body: { model: { id: 'cog@1.0.0' } } });
  const query = 'query ($id: ID!) { upload(id: $id) { purpose completedAt model { id } reference { id } } }';
  expect((await server.data(query, { id })).upload).toMatchObject({ model: { id: 'cog@1.0.0' }, reference: null });
  expect((await modelsOf(server)).filter(({ name }) => name === 'cog')).toHaveLength(1);
  const changed = await archiveOf('cog', ({ manifest }) => (manifest.description = 'changed'));
  expect(await putModel(server, changed)).toMatchObject({
    status: 409,
    body: { errors: [{ extensions: { code: 'MODEL_VERSION_EXISTS', field: 'version' } }] },
  });
});

test('coverage, filters, and pairs know it', async () => {
  const query = `{ products(filter: { drawableBy: "cog" }) { edges { node { partNumber pairs(model: "cog@1.0.0", coverage: [TRAINED]) { edges { node {
    defect { code } coverage(model: "cog") } } } } } } }`;
  expect((await server.data(query)).products.edges.map(({ node }: Json) => node)).toEqual([
    { partNumber: 'BRASS-COG', pairs: { edges: [{ node: { defect: { code: 'DENT' }, coverage: 'TRAINED' } }] } },
  ]);
});

test('another tenant does not see it, and can have one of the same name', async () => {
  await importParts(server, stranger);
  expect((await modelsOf(server, stranger)).map(({ id }) => id)).toEqual(['student@1.0.0']);
  for (const model of ['cog', 'cog@1.0.0']) {
    const error = await server.error(
      'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }',
      { input: [{ ...COG, model }] },
      stranger,
    );
    expect(error).toEqual(
      expect.objectContaining({
        message: `input[0].model: there is no "${model}"; there are: student@1.0.0`,
        extensions: expect.objectContaining({ code: 'UNKNOWN_MODEL', available: ['student@1.0.0'] }),
      }),
    );
  }
  expect(await server.error(DELETE, { id: 'cog@1.0.0' }, stranger)).toMatchObject({
    extensions: { code: 'NOT_FOUND' },
  });
  const theirs = await archiveOf('ring', ({ manifest }) => (manifest.name = 'cog'));
  expect(await uploadModel(server, theirs, stranger)).toBe('cog@1.0.0');
  const generation = await drawnByStranger({ ...RING, model: 'cog' });
  expect(generation.status).toBe('SUCCEEDED');
  // MAX_OPEN_MODELS is 1: this one was closed for theirs, and is opened again.
  expect(await drawn(COG)).toEqual([first]);
  expect((await imagesOf(generation))[0]).not.toEqual(first);
});

test('a device worker that is killed while the model draws is replaced, and the generation goes on', async () => {
  const { id } = await generate(server, { ...COG, steps: 400, count: 3 });
  await until(async () => (await fetchGeneration(server, id)).progress.stepsDone > 0 || undefined);
  const pids = [...server.output().matchAll(/"pid":(\d+),"bundles"/g)].map(([, pid]) => Number(pid));
  expect(pids.length).toBeGreaterThan(0);
  process.kill(pids.at(-1) ?? 0, 'SIGKILL');
  expect(await finished(server, id)).toMatchObject({ status: 'SUCCEEDED', progress: { samplesDone: 3 } });
});

test('after a restart it draws the same', async () => {
  await server.stop();
  server = await startServer(env, { keep: true });
  expect((await modelsOf(server)).map(({ id }) => id)).toEqual(['cog@1.0.0', 'student@1.0.0']);
  expect(await drawn(COG)).toEqual([first]);
});

test('an export names its licence and sources', async () => {
  const { id } = await exportDataset(server, { format: 'COCO', filter: { partNumber: 'BRASS-COG' } });
  const { archive } = await exportEnded(server, id);
  const manifest = JSON.parse(textIn(entriesIn(await bytesAt(archive.url)), 'manifest.json')) as Json;
  expect(manifest.models).toEqual([
    {
      model: 'cog@1.0.0',
      license: expect.objectContaining({ sources: [expect.objectContaining({ source: 'random numbers' })] }),
    },
  ]);
});

test('a deleted model takes no requests, what was accepted before is drawn, and only the same files come back', async () => {
  const { id } = await generate(server, { ...COG, steps: 200, count: 2 });
  const find = 'query ($id: ID!) { model(id: $id) { name visibility } node(id: $id) { id } }';
  expect(await server.data(find, { id: 'cog@1.0.0' })).toEqual({
    model: { name: 'cog', visibility: 'PRIVATE' },
    node: { id: 'cog@1.0.0' },
  });
  expect((await server.data(DELETE, { id: 'cog@1.0.0' })).deleteModel).toBe('cog@1.0.0');
  expect(await server.data(find, { id: 'cog@1.0.0' })).toEqual({ model: null, node: null });
  expect((await modelsOf(server)).map((model) => model.id)).toEqual(['student@1.0.0']);
  expect(await server.error(DELETE, { id: 'cog@1.0.0' })).toMatchObject({ extensions: { code: 'NOT_FOUND' } });
  const refused = await server.ask(
    'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }',
    {
      input: [COG],
    },
  );
  expect(refused.errors?.[0]?.extensions.code).toBe('UNKNOWN_MODEL');
  expect(await finished(server, id)).toMatchObject({ status: 'SUCCEEDED', request: { model: 'cog@1.0.0' } });
  const changed = await archiveOf('cog', ({ manifest }) => (manifest.description = 'changed'));
  expect((await putModel(server, changed)).body.errors[0].message).toContain('there was another model cog@1.0.0');
  expect(await uploadModel(server, await archiveOf('cog'))).toBe('cog@1.0.0');
  expect(await drawn(COG)).toEqual([first]);
});
