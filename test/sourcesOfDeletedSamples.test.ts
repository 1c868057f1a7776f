/** What a sample shows of samples that are deleted is known for ever: it is never for testing beside that sample. */
import { createDataSet, refusedDataSet, testedIn } from './support/dataSets.js';
import { donorOf } from './support/donors.js';
import { drawn, fabric, server, startPhotographStage } from './support/photographStage.js';
import type { Json } from './support/server.js';
import { send } from './support/uploads.js';
import sharp from 'sharp';

const DELETE = 'mutation ($ids: [ID!]!) { deleteSamples(ids: $ids) { deletedIds } }';
const PAIR = { partNumber: 'FABRIC', defectCode: 'STAIN', count: 1, steps: undefined };

let donor: Json;
let good: Json;
let other: Json;
beforeAll(async () => {
  await startPhotographStage();
  donor = await donorOf('FABRIC', 'STAIN');
  const input = { purpose: 'REFERENCE', partNumber: 'FABRIC' };
  good = await send(server, fabric, input);
  other = await send(server, await sharp(fabric).flop().png().toBuffer(), input);
});

async function oneSample(wish: object): Promise<string> {
  return (await drawn({ ...PAIR, ...wish })).samples[0].id as string;
}

test('a photograph whose defect a sample has from a deleted one is for learning', async () => {
  const first = await oneSample({ reference: { id: good.id }, defectReference: { id: donor.id } });
  const second = await oneSample({ reference: { id: other.id }, defectReference: { sampleId: first } });
  const third = await oneSample({ reference: { id: other.id }, defectReference: { sampleId: second } });
  const shown = [donor, good, other].map(({ id }) => id as string);
  const refusals = async (sampleId: string): Promise<string[]> =>
    Promise.all(
      shown.map(async (id) => {
        const wish = { referenceIds: shown, sampleIds: [sampleId], testReferenceIds: [id] };
        return (await refusedDataSet(server, wish)).message;
      }),
    );
  const before = await refusals(third);
  for (const message of before) expect(message).toContain('is shown by a sample of the data set');
  await server.data(DELETE, { ids: [first] });
  expect(await refusals(third)).toEqual(before);
  await server.data(DELETE, { ids: [second] });
  expect(await refusals(third)).toEqual(before);
  for (let splitSeed = 0; splitSeed < 4; splitSeed++) {
    const wish = { name: 'split', referenceIds: shown, sampleIds: [third], testShare: 0.9, splitSeed };
    expect(testedIn(await createDataSet(server, wish))).toEqual([]);
  }
});

test('what was drawn on a deleted sample is no donor: its mask marks the defects of both', async () => {
  const base = await oneSample({ reference: { id: good.id }, defectReference: { id: donor.id } });
  const onBase = await oneSample({ reference: { sampleId: base } });
  const asDonor = { ...PAIR, reference: { id: good.id }, defectReference: { sampleId: onBase } };
  const GENERATE = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';
  const refusal = async () => (await server.error(GENERATE, { input: [asDonor] })).message;
  const before = await refusal();
  expect(before).toContain('is drawn on another sample');
  await server.data(DELETE, { ids: [base] });
  expect(await refusal()).toBe(before);
});
