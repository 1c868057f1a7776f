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

test('the good photographs to draw on can be chosen', async () => {
  const [like] = await forMisses({ missed: [missed.id], goodReferences: [alarm.id], count: 2, seed: 5 });
  for (const sample of await samplesOf(like?.id)) expect(sample.reference.id).toBe(alarm.id);
  const [both] = await forMisses({ missed: [missed.id], goodReferences: [alarm.id, reference.id], count: 2, seed: 5 });
  const drawnOn = (await samplesOf(both?.id)).map((sample) => sample.reference.id);
  expect(new Set(drawnOn)).toEqual(new Set([reference.id, alarm.id]));
});

test('one idempotency key is for the whole request', async () => {
  const falseAlarms = [{ referenceId: alarm.id, defectCode: 'STAIN' }];
  const input = { missed: [missed.id], falseAlarms, count: 1, seed: 5, idempotencyKey: 'misses of Monday' };
  const first = await forMisses(input);
  expect(first).toHaveLength(2);
  expect(await forMisses(input)).toEqual(first);
  for (const other of [{ missed: [missed.id] }, { falseAlarms }]) {
    const { message, extensions } = await server.error(FOR_MISSES, { input: { ...other, count: 1, idempotencyKey: 'misses of Monday' } }); // prettier-ignore
    expect(message).toMatch(/^input\.idempotencyKey: "misses of Monday" was used for generation/);
    expect(extensions).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', field: 'input.idempotencyKey' });
  }
});

test('the same request has the same answer, though a photograph of it was archived since', async () => {
  const file = await sharp(fabric).flip().png().toBuffer();
  const good = await send(server, file, { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  const input = { missed: [missed.id], goodReferences: [good.id], count: 1, idempotencyKey: 'misses of Tuesday' };
  const first = await forMisses(input);
  await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id: good.id });
  expect(await forMisses(input)).toEqual(first);
  expect(await refused({ ...input, idempotencyKey: 'another' })).toContain('input.goodReferences[0]: is archived');
});

test('what is no miss is refused, and nothing is accepted', async () => {
  expect(await refused({})).toBe('input: must have at least one of missed and falseAlarms');
  expect(await refused({ missed: [missed.id, reference.id] })).toMatch(/input\.missed\[1\]: shows a good part/);
  const wrong = { referenceId: missed.id, defectCode: 'STAIN' };
  expect(await refused({ falseAlarms: [wrong] })).toMatch(/input\.falseAlarms\[0\]\.referenceId: shows a defect, so/);
});

test('errors name fields of the request', async () => {
  const elsewhere = await donorOf('PCB', 'SHORT');
  const pcb = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'ASPHALT' });
  const ofAlarm = (defectCode: string) => ({ falseAlarms: [{ referenceId: alarm.id, defectCode }] });
  const cases: [object, string][] = [
    [{ missed: [missed.id, missed.id] }, 'input.missed[1]: is the same as input.missed[0]'],
    [
      { falseAlarms: [...ofAlarm('STAIN').falseAlarms, ...ofAlarm('STAIN').falseAlarms] },
      'input.falseAlarms[1]: is the same as input.falseAlarms[0]',
    ],
    [
      { falseAlarms: [...ofAlarm('STAIN').falseAlarms, { referenceId: alarm.id.toUpperCase(), defectCode: 'STAIN ' }] },
      'input.falseAlarms[1]: is the same as input.falseAlarms[0]',
    ],
    [{ missed: [missed.id, missed.id.toUpperCase()] }, 'input.missed[1]: is the same as input.missed[0]'],
    [{ missed: [missed.id], count: 0 }, 'input.count: 0 is out of range'],
    [{ ...ofAlarm('STAIN'), variation: { turn: 181 } }, 'input.variation.turn: 181 is out of range 0 … 180'],
    [{ missed: [missed.id], seed: -1 }, 'input.seed: -1 is out of range'],
    [{ missed: [elsewhere.id] }, 'input.missed[0]: the product has no photograph of a good part'],
    [{ missed: [missed.id], ...ofAlarm('HOLE') }, 'input.falseAlarms[0].defectCode: the pair has no defective photograph'], // prettier-ignore
    [{ missed: [missed.id], ...ofAlarm('NO') }, 'input.falseAlarms[0].defectCode: there is no defect "NO"'],
    [{ missed: [missed.id], goodReferences: [] }, 'input.goodReferences: is empty'],
    [{ missed: [missed.id], goodReferences: ['x'] }, 'input.goodReferences[0]: there is no reference "x"'],
    [{ missed: [missed.id], goodReferences: [missed.id] }, 'input.goodReferences[0]: shows a defect'],
    [
      { missed: [missed.id], goodReferences: [alarm.id, pcb.id] },
      'input.goodReferences[1]: shows a product of which no',
    ],
    [{ missed: [elsewhere.id], goodReferences: [alarm.id] }, 'input.missed[0]: none of goodReferences shows its'],
  ];
  for (const [input, message] of cases) {
    const error = await server.error(FOR_MISSES, { input });
    expect(error.message).toContain(message);
    expect(error.extensions['field']).toBe(message.split(': ')[0]);
  }
});
