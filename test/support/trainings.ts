/** Data sets to train on, and trainings as a caller asks for them. */
import { createDataSet } from './dataSets.js';
import { grey, photograph } from './photographs.js';
import type { ApiError, Json, Server } from './server.js';
import { until } from './until.js';
import { MASK, send } from './uploads.js';

/** The training package. */
export const TRAINER = 'training/.venv/bin/defectdiffu-train';
/** In its place. */
export const FAKE_TRAINER = { TRAINER_COMMAND: `${process.execPath} test/support/fakeTrainer.mjs` };

export const TRAINING_FIELDS = `
  id kind status base name version minutes priority attempts createdBy isPublishable discardedAt finishedAt
  dataSet { id } options { windows { partNumber window flips } license terms seed rank measureDetectors } model { id visibility }
  progress { phase done total secondsLeft figures { name value } }
  verdict { pairs { product defect samples twins real before concern } outOfTime { product } withoutNormal { product }
    detectors { product photographs without withSamples gain { mean low high } conclusion } withoutDetectors { product reason } }
  imageGrids { step pairs { product defect } image { url width height } } error { code message }
`;
const START = `mutation ($input: [StartTrainingInput!]!) { startTraining(input: $input) { ${TRAINING_FIELDS} } }`;

export async function startTraining(server: Server, input: object, key?: string): Promise<Json> {
  return (await server.data(START, { input: [input] }, key)).startTraining[0];
}

export function refusedTraining(server: Server, input: object | object[], key?: string): Promise<ApiError> {
  return server.error(START, { input: [input].flat() }, key);
}

export async function fetchTraining(server: Server, id: string, key?: string): Promise<Json> {
  return (await server.data(`query ($id: ID!) { training(id: $id) { ${TRAINING_FIELDS} } }`, { id }, key)).training;
}

export function trainingEnded(server: Server, id: string, key?: string): Promise<Json> {
  return until(async () => {
    const training = await fetchTraining(server, id, key);
    return training.finishedAt === null ? undefined : training;
  });
}

/** "publish", "discard", or "cancel". */
export async function endTraining(server: Server, how: string, id: string, key?: string): Promise<Json> {
  const mutation = `mutation ($id: ID!) { ${how}Training(id: $id) { ${TRAINING_FIELDS} } }`;
  return (await server.data(mutation, { id }, key))[`${how}Training`];
}

export interface Shown {
  readonly partNumber: string;
  readonly defectCode: string;
  /** Of the first photograph; the same one is the same photograph. */
  readonly seed?: number;
  readonly photographs?: number;
}

/** Photographs of good parts and of defective ones, as a version of a data set. Returns its id. */
export async function trainableDataSet(server: Server, shown: Shown, key?: string): Promise<string> {
  const { partNumber, defectCode, seed = 1, photographs = 2 } = shown;
  const shape = await grey((x, y) => (x > 8 && x < 28 && y > 8 && y < 28 ? 255 : 0))
    .png()
    .toBuffer();
  const { id: maskId } = await send(server, shape, MASK, key);
  for (let i = 0; i < photographs; i++) {
    const of = async (n: number): Promise<Buffer> => photograph(n).png().toBuffer();
    await send(server, await of(seed + i), { purpose: 'REFERENCE', partNumber }, key);
    const defective = { purpose: 'REFERENCE', partNumber, defectCode, maskId };
    await send(server, await of(seed + 1000 + i), defective, key);
  }
  return (await createDataSet(server, { name: partNumber, partNumbers: [partNumber], testShare: 0 }, key)).id;
}
