/** A tenant's own bundle: uploaded through the API, tried, drawn at once and after a restart, seen by nobody else, deleted. */
import { hash } from 'node:crypto';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { bundleArchive } from './support/bundles.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { bytesAt, drawnAt, finished, generate, samplesIn } from './support/generations.js';
import { importParts, modelsOf, putModel, uploadModel } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { newTenant } from './support/stranger.js';
import { entriesIn, textIn } from './support/zip.js';

const TIN = { partNumber: 'TIN', defectCode: 'DENT', steps: 4, seed: 7 };
const MINE = { ...TIN, model: 'mine' };

const dataDirectory = newDataDirectory();
const env = { DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS };
let server: Server;
let stranger: string;

beforeAll(async () => {
  stranger = await newTenant(dataDirectory, 'stranger');
  server = await startServer(env, { keep: true });
  await importParts(server);
  await importParts(server, stranger);
});

async function drawn(input: object): Promise<string[]> {
  const generation = await finished(server, (await generate(server, input)).id);
  expect(generation.error).toBeNull();
  return Promise.all(samplesIn(generation).map(async ({ image }: Json) => hash('sha256', await drawnAt(image.url))));
}

test('an uploaded bundle is listed as private, and draws what the same bundle of the operator draws', async () => {
  expect(await uploadModel(server, await bundleArchive())).toBe('mine@1.0.0');
  expect(await modelsOf(server)).toMatchObject([
    { id: 'mine@1.0.0', visibility: 'PRIVATE', base: null, isDefault: false, drawsOnPhotographs: true },
    { id: 'student@1.0.0', visibility: 'PUBLIC' },
  ]);
  const own = await drawn(MINE);
  expect(own).toEqual(await drawn(TIN));
  expect(server.output()).toContain("a tenant's bundle was tried");
});

test('the same files are the same model, other files of its name and version are refused', async () => {
  expect(await uploadModel(server, await bundleArchive())).toBe('mine@1.0.0');
  const other = await bundleArchive('mine', ({ manifest }) => (manifest.description = 'another'));
  const { status, body } = await putModel(server, other);
  expect([status, body.errors[0].extensions.code]).toEqual([409, 'MODEL_VERSION_EXISTS']);
});

test('another tenant does not see it, in no list, no message, and no device', async () => {
  expect((await modelsOf(server, stranger)).map(({ id }) => id)).toEqual(['student@1.0.0']);
  const request = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';
  for (const model of ['mine', 'mine@1.0.0'])
    expect(await server.error(request, { input: [{ ...TIN, model }] }, stranger)).toMatchObject({
      message: `input[0].model: there is no "${model}"; there are: student@1.0.0`,
      extensions: { code: 'UNKNOWN_MODEL', available: ['student@1.0.0'] },
    });
  const remove = 'mutation { deleteModel(id: "mine@1.0.0") }';
  expect(await server.error(remove, {}, stranger)).toMatchObject({ extensions: { code: 'NOT_FOUND' } });
  const { serverInfo } = await server.data('{ serverInfo { devices { models running { model } } } }', {}, stranger);
  expect(JSON.stringify(serverInfo)).not.toContain('mine');
});

test('no training begins with it', async () => {
  const start = 'mutation ($input: [StartTrainingInput!]!) { startTraining(input: $input) { id } }';
  const input = [{ dataSetId: 'x', name: 'next', version: '1.0.0', minutes: 1, base: 'mine' }];
  const { code } = (await server.error(start, { input })).extensions;
  // Without a trainer, nothing else of the request is looked at.
  expect(code).toBe('NO_TRAINER');
});

test('an export names its licence, also after a restart and after the model was deleted', async () => {
  await server.stop();
  server = await startServer(env, { keep: true });
  const before = server.output().length;
  expect(await drawn({ ...MINE, seed: 8 })).toEqual(await drawn({ ...TIN, seed: 8 }));
  expect(server.output().slice(before)).not.toContain('was tried');
  await server.data('mutation { deleteModel(id: "mine@1.0.0") }');
  expect((await modelsOf(server)).map(({ id }) => id)).toEqual(['student@1.0.0']);
  const { id } = await exportDataset(server, { format: 'COCO', filter: { partNumber: 'TIN' } });
  const { archive } = await exportEnded(server, id);
  const { models } = JSON.parse(textIn(entriesIn(await bytesAt(archive.url)), 'manifest.json')) as Json;
  expect(models).toContainEqual(
    expect.objectContaining({ model: 'mine@1.0.0', license: expect.objectContaining({ id: 'CC0-1.0' }) }),
  );
});

test('a bundle that cannot be drawn with fails its own generations, with the reason, and is not tried again', async () => {
  // The labels of the tokenizer are there, and the text encoder reads others than it has.
  const broken = await bundleArchive('broken', ({ manifest }) => {
    manifest.latent.width *= 2;
  });
  expect(await uploadModel(server, broken)).toBe('broken@1.0.0');
  for (let i = 0; i < 2; i++) {
    const generation = await finished(server, (await generate(server, { ...TIN, model: 'broken', seed: i })).id);
    expect(generation.status).toBe('FAILED');
    expect(generation.error).toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: expect.stringContaining('model broken@1.0.0 '),
    });
    expect(generation.error.message).not.toContain(dataDirectory);
  }
  expect(server.output().match(/cannot be drawn with"/g)).toHaveLength(1);
  expect(await drawn(TIN)).toHaveLength(1);
});
