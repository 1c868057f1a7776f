/** Transplants for what a detector got wrong. */
import sharp from 'sharp';
import { donorOf } from './support/donors.js';
import { finished } from './support/generations.js';
import { fabric, reference, server, startPhotographStage } from './support/photographStage.js';
import type { Json } from './support/server.js';
import { send } from './support/uploads.js';

const FOR_MISSES = `mutation ($input: GenerateForMissesInput!) {
  generateForMisses(input: $input) { id defect { code } product { partNumber } request { count } }
}`;
const SAMPLES = `query ($id: ID!) { generation(id: $id) { status samples { edges { node {
  areaFraction reference { id } defectReference { id } } } } } }`;

let missed: Json;
let alarm: Json;
beforeAll(async () => {
  await startPhotographStage();
  missed = await donorOf('FABRIC', 'STAIN');
  alarm = await send(server, await sharp(fabric).flop().png().toBuffer(), {
    purpose: 'REFERENCE',
    partNumber: 'FABRIC',
  });
});

const forMisses = async (input: object): Promise<Json[]> =>
  (await server.data(FOR_MISSES, { input })).generateForMisses;
const refused = async (input: object): Promise<string> => (await server.error(FOR_MISSES, { input })).message;

async function samplesOf(id: string): Promise<Json[]> {
  await finished(server, id);
  const { generation } = await server.data(SAMPLES, { id });
  expect(generation.status).toBe('SUCCEEDED');
  return generation.samples.edges.map(({ node }: Json) => node);
}

test('a missed defect comes again on good photographs, and real defects on the photograph of a false alarm', async () => {
  const falseAlarms = [{ referenceId: alarm.id, defectCode: 'STAIN' }];
  const [like, onAlarm] = await forMisses({ missed: [missed.id], falseAlarms, count: 3, seed: 5 });
  expect(like).toMatchObject({ defect: { code: 'STAIN' }, product: { partNumber: 'FABRIC' }, request: { count: 3 } });
  const again = await samplesOf(like?.id);
  expect(again).toHaveLength(3);
  for (const { defectReference, areaFraction } of again) {
    expect(defectReference.id).toBe(missed.id);
    expect(areaFraction).toBeGreaterThan(0);
  }
  expect(new Set(again.map((sample) => sample.reference.id))).toEqual(new Set([reference.id, alarm.id]));
  for (const sample of await samplesOf(onAlarm?.id)) expect(sample.reference.id).toBe(alarm.id);
});

test('one idempotency key is for the whole request', async () => {
  const input = { missed: [missed.id, missed.id], count: 1, seed: 5, idempotencyKey: 'misses of Monday' };
  const first = await forMisses(input);
  expect(first).toHaveLength(2);
  expect(await forMisses(input)).toEqual(first);
  expect(await refused({ ...input, missed: [missed.id] })).toMatch(/"misses of Monday\/0" was used for generation/);
});

test('what is no miss is refused, and nothing is accepted', async () => {
  expect(await refused({})).toBe('input: must have at least one of missed and falseAlarms');
  expect(await refused({ missed: [missed.id, reference.id] })).toMatch(/input\.missed\[1\]: shows a good part/);
  const wrong = { referenceId: missed.id, defectCode: 'STAIN' };
  expect(await refused({ falseAlarms: [wrong] })).toMatch(/input\.falseAlarms\[0\]\.referenceId: shows a defect, so/);
  const without = { referenceId: alarm.id, defectCode: 'HOLE' };
  expect(await refused({ missed: [missed.id], falseAlarms: [without] })).toMatch(
    /input\.falseAlarms\[0\]\.defectReference: the pair has no defective photograph/,
  );
});
