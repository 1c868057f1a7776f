/** The defaults of a request are what the service fills in when a request like it leaves the field out. */
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { sendGood } from './support/dataSets.js';
import { generate } from './support/generations.js';
import { archiveOf, importParts, uploadModel } from './support/models.js';
import { grey, photograph } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { MASK, send } from './support/uploads.js';

const QUALITY = 'quality { minimumVisibility minimumAgreement minimumConfidence maximumDraws }';
const VARIATION = 'variation { place turn quarterTurns halfTurns mirrors scale { min max } bend contrast }';
const FIELDS = `guidance productScale maskMode maskConvention denoisingStrength harmonize ${QUALITY} ${VARIATION}`;
const QUERY = `query ($id: ID!) { generation(id: $id) { request { ${FIELDS} defaults { ${FIELDS} } } } }`;
const PAIR = { partNumber: 'FABRIC', defectCode: 'STAIN' };

let server: Server;
let good: string;
let donor: string;
beforeAll(async () => {
  server = await startServer({ MODELS_DIR: 'models', PRECISION: 'int8' });
  good = await sendGood(server, 1, PAIR.partNumber);
  const shape = grey((x, y) => (x < 20 && y < 20 ? 255 : 0));
  const { id: maskId } = await send(server, await shape.png().toBuffer(), MASK);
  donor = (await send(server, await photograph(2).png().toBuffer(), { purpose: 'REFERENCE', ...PAIR, maskId })).id;
});

async function requestOf(input: object, on = server): Promise<Json> {
  const { id } = await generate(on, { ...PAIR, ...input });
  return (await on.data(QUERY, { id })).generation.request;
}

const KINDS: [string, () => object][] = [
  ['from noise', () => ({ steps: 2 })],
  ['from noise, with a twin', () => ({ twin: true })],
  ['on a twin', () => ({ reference: { twin: true } })],
  ['on a photograph', () => ({ reference: { id: good } })],
  ['with several strengths', () => ({ reference: { id: good }, strength: { sweep: [1, 2] } })],
  ['transplanted', () => ({ reference: { id: good }, defectReference: { id: donor } })],
];

test.each(KINDS)('%s: what was left out is as the defaults say', async (_, input) => {
  const { defaults, ...request } = await requestOf(input());
  expect(request).toEqual(defaults);
});

test('what was given stays apart from the defaults', async () => {
  const given = { maskMode: 'AVERAGE_PIXELS', maskConvention: 'OUTLINE', denoisingStrength: 0.5, productScale: 2 };
  const quality = { minimumVisibility: 1, minimumAgreement: 0, minimumConfidence: 0, maximumDraws: 2 };
  const { defaults, ...request } = await requestOf({ ...given, quality, reference: { id: good } });
  const { defaults: usual } = await requestOf({ reference: { id: good } });
  expect(request).toMatchObject({ ...given, quality });
  expect(defaults).toEqual(usual);
  const transplant = { reference: { id: good }, defectReference: { id: donor } };
  const varied = await requestOf({ ...transplant, variation: { turn: 90 }, harmonize: 0.3 });
  expect(varied.defaults).toEqual((await requestOf(transplant)).defaults);
  expect([varied.variation.turn, varied.harmonize]).toEqual([90, 0.3]);
});

test('there are none after the model was deleted', async () => {
  const models = await startServer({ MODELS_DIR: STUDENT_MODELS });
  await importParts(models);
  await uploadModel(models, await archiveOf('cog'));
  const part = { partNumber: 'BRASS-COG', defectCode: 'DENT', model: 'cog', steps: 2 };
  const { id } = await generate(models, part);
  expect((await models.data(QUERY, { id })).generation.request.defaults).not.toBeNull();
  await models.data('mutation { deleteModel(id: "cog@1.0.0") }');
  expect((await models.data(QUERY, { id })).generation.request.defaults).toBeNull();
});
