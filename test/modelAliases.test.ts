/** A tenant's names for versions of models: moved and moved back, while what was accepted keeps its version. */
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { finished, generate } from './support/generations.js';
import { archiveOf, importParts, putModel, uploadModel } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { newTenant } from './support/stranger.js';

const SET =
  'mutation ($alias: String!, $model: String!) { setModelAlias(alias: $alias, model: $model) { alias model previousModel updatedBy } }';
const LIST = '{ modelAliases { alias model previousModel } }';
const DELETE_MODEL = 'mutation ($id: String!) { deleteModel(id: $id) }';
const PART = { partNumber: 'BRASS-COG', defectCode: 'DENT', steps: 2, seed: 1 };

const dataDirectory = newDataDirectory();
let server: Server;
let stranger: string;

const set = async (alias: string, model: string): Promise<Json> =>
  (await server.data(SET, { alias, model })).setModelAlias;
const refused = (alias: string, model: string, key?: string): Promise<Json> => server.error(SET, { alias, model }, key);
const modelDrawnWith = async (model: string): Promise<string> => {
  const { id } = await generate(server, { ...PART, model });
  return (await finished(server, id)).request.model;
};

beforeAll(async () => {
  stranger = await newTenant(dataDirectory, 'stranger');
  server = await startServer({ DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS }, { keep: true });
  await uploadModel(server, await archiveOf('cog'));
  await uploadModel(server, await archiveOf('cog', ({ manifest }) => (manifest.version = '2.0.0')));
  await importParts(server);
  await importParts(server, stranger);
});

test('a name stands for the version that it was set to, is moved, and moved back', async () => {
  expect(await set('production', 'cog@1.0.0')).toEqual({
    alias: 'production',
    model: 'cog@1.0.0',
    previousModel: null,
    updatedBy: expect.stringMatching(/^key:/),
  });
  const { id } = await generate(server, { ...PART, model: 'production' });
  // "cog" is its newest version at this moment.
  expect(await set('production', 'cog')).toMatchObject({ model: 'cog@2.0.0', previousModel: 'cog@1.0.0' });
  expect((await finished(server, id)).request.model).toBe('cog@1.0.0');
  expect(await modelDrawnWith('production')).toBe('cog@2.0.0');
  expect(await set('production', 'cog@1.0.0')).toMatchObject({ previousModel: 'cog@2.0.0' });
  expect(await modelDrawnWith('production')).toBe('cog@1.0.0');
});

test('set to where it is, it stays as it was', async () => {
  expect(await set('production', 'production')).toMatchObject({ model: 'cog@1.0.0', previousModel: 'cog@2.0.0' });
});

test("an alias can stand for the operator's model, and every place that takes a model takes it", async () => {
  await set('general', 'student');
  const query =
    'query ($model: String!) { products(filter: { drawableBy: $model }) { edges { node { partNumber } } } }';
  const drawable = async (model: string): Promise<string[]> =>
    (await server.data(query, { model })).products.edges.map(({ node }: Json) => node.partNumber);
  expect(await drawable('production')).toEqual(['BRASS-COG']);
  expect(await drawable('general')).toEqual(['FELT', 'TIN']);
  const pairs = 'pairs(model: "production", coverage: [TRAINED]) { edges { node { coverage } } }';
  const { product } = await server.data(`{ product(partNumber: "BRASS-COG") { ${pairs} } }`);
  expect(product.pairs.edges).toEqual([{ node: { coverage: 'TRAINED' } }]);
});

test('a model is not deleted while an alias stands for it', async () => {
  expect(await server.error(DELETE_MODEL, { id: 'cog@1.0.0' })).toMatchObject({
    message: 'id: production stands for "cog@1.0.0"; move the alias with setModelAlias or delete it first',
    extensions: { code: 'MODEL_HAS_ALIAS', aliases: ['production'] },
  });
  const deleted = await server.data('mutation { deleteModelAlias(alias: "production") { model } }');
  expect(deleted).toEqual({ deleteModelAlias: { model: 'cog@1.0.0' } });
  expect((await server.data(DELETE_MODEL, { id: 'cog@1.0.0' })).deleteModel).toBe('cog@1.0.0');
});

test('names of models, and what is no name, are refused; an upload cannot take the name of an alias', async () => {
  const code = async (alias: string, model = 'cog'): Promise<string> => (await refused(alias, model)).extensions.code;
  expect(await code('cog')).toBe('MODEL_NAME_TAKEN');
  expect(await code('student')).toBe('MODEL_NAME_TAKEN');
  expect(await code('a@1')).toBe('BAD_USER_INPUT');
  expect(await code('fine', 'nothing')).toBe('UNKNOWN_MODEL');
  await set('ring', 'cog');
  expect(await putModel(server, await archiveOf('ring'))).toMatchObject({
    status: 409,
    body: { errors: [{ message: expect.stringContaining('"ring" is an alias of cog@2.0.0') }] },
  });
});

test("another tenant's alias does not exist", async () => {
  expect((await server.data(LIST, {}, stranger)).modelAliases).toEqual([]);
  const request = {
    query: 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }',
    input: [{ ...PART, model: 'general' }],
  };
  const error = await server.error(request.query, { input: request.input }, stranger);
  expect(error).toMatchObject({ extensions: { code: 'UNKNOWN_MODEL', available: ['student@1.0.0'] } });
  expect(await refused('theirs', 'cog@2.0.0', stranger)).toMatchObject({ extensions: { code: 'UNKNOWN_MODEL' } });
  expect(await server.error('mutation { deleteModelAlias(alias: "general") { alias } }', {}, stranger)).toMatchObject({
    extensions: { code: 'NOT_FOUND' },
  });
});
