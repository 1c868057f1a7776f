/** What depends on (timestep, text) alone is computed once for each, and is right for every row. */
import type { InferenceSession } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';

import { conditionsFromModulations } from '../../src/inference/device/model/conditioning.js';
import type { Evaluation } from '../../src/inference/device/model/evaluation.js';

/** As a text's embedding its length; as its modulations (length, timestep, number of the part). */
const embed = (phrase: string): Promise<Float32Array> => Promise.resolve(Float32Array.of(phrase.length));

function graph(): { session: InferenceSession; runs: number[] } {
  const runs: number[] = [];
  const run = (feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> => {
    const timesteps = feeds['timestep']?.data as BigInt64Array;
    const texts = feeds['text']?.data as Float32Array;
    runs.push(timesteps.length);
    const ofPart = (part: number): ort.Tensor =>
      new ort.Tensor('float32', Float32Array.from([...timesteps].flatMap((t, i) => [texts[i] ?? 0, Number(t), part])), [
        timesteps.length,
        3,
      ]);
    return Promise.resolve({
      background_modulation: ofPart(0),
      defect_modulation: ofPart(1),
      fusion_modulation: ofPart(2),
    });
  };
  return { session: { run } as unknown as InferenceSession, runs };
}

/** Two samples, each with the rows of Eq. 4 over two backgrounds, at timesteps of their own. */
const evaluation = (timesteps: readonly [number, number]): Evaluation => ({
  latents: [],
  timesteps,
  adapters: [null, null],
  turbo: [null, null],
  backgroundSample: [0, 0, 1, 1],
  background: ['industry', 'tile', 'industry', 'tile'],
  rowBackground: [0, 1, 0, 2, 3, 2],
  defect: ['good', 'good', 'scratch', 'good', 'good', 'scratch'],
  fusion: ['good industry', 'good tile', 'scratch industry', 'good industry', 'good tile', 'scratch industry'],
  maskRows: [],
});

const rowsOf = (tensor: ort.Tensor | undefined): number[][] => {
  const values = [...(tensor?.data as Float32Array)];
  return Array.from({ length: values.length / 3 }, (_, i) => values.slice(3 * i, 3 * i + 3));
};

test('every row is told what its own text and its own timestep make', async () => {
  const inputs = await conditionsFromModulations(embed, graph().session)(evaluation([900, 40]));
  expect(rowsOf(inputs['background_modulation'])).toEqual([
    [8, 900, 0],
    [4, 900, 0],
    [8, 40, 0],
    [4, 40, 0],
  ]);
  expect(rowsOf(inputs['defect_modulation'])).toEqual([
    [4, 900, 1],
    [4, 900, 1],
    [7, 900, 1],
    [4, 40, 1],
    [4, 40, 1],
    [7, 40, 1],
  ]);
  expect(rowsOf(inputs['fusion_modulation']).map(([length]) => length)).toEqual([13, 9, 16, 13, 9, 16]);
});

test('distinct ones are computed once, all in one run, and not again', async () => {
  const { session, runs } = graph();
  const conditions = conditionsFromModulations(embed, session);
  await conditions(evaluation([900, 900]));
  expect(runs).toEqual([2 + 2 + 3]);
  await conditions(evaluation([900, 900]));
  expect(runs).toEqual([7]);
  await conditions(evaluation([900, 40]));
  expect(runs).toEqual([7, 7]);
});

test('those used least lately are forgotten, and computed again when they are wanted', async () => {
  const { session, runs } = graph();
  const conditions = conditionsFromModulations(embed, session, {
    cacheBytes: 10 * 3 * Float32Array.BYTES_PER_ELEMENT,
  });
  const first = await conditions(evaluation([900, 900]));
  await conditions(evaluation([40, 40]));
  expect(runs).toEqual([7, 7]);
  const again = await conditions(evaluation([900, 900]));
  expect(runs[2]).toBeGreaterThan(0);
  expect(runs[2]).toBeLessThan(7);
  for (const part of ['background', 'defect', 'fusion'])
    expect(rowsOf(again[`${part}_modulation`])).toEqual(rowsOf(first[`${part}_modulation`]));
});
