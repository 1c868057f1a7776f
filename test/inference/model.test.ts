/**
 * Evaluations share memory for what they are told, and nothing else.
 * @jest-environment ./test/inference/runtimeEnvironment.mjs
 */

import { loadBundle } from '../../src/inference/bundle/load.js';
import { typicalEvaluations } from '../../src/inference/device/batch/calibration.js';
import type { Evaluation, Prediction } from '../../src/inference/device/model/evaluation.js';
import type { Model } from '../../src/inference/device/model/model.js';
import { openModel } from '../../src/inference/device/model/model.js';
import { executionOptions } from '../../src/inference/device/model/sessions.js';
import { createScratchBuffers } from '../../src/inference/device/model/tensors.js';
import { defaultManifest } from '../support/defaultBundle.js';

test('memory is used again as long as it is large enough', () => {
  const scratch = createScratchBuffers();
  const first = scratch('a')(4).fill(1);
  expect([...scratch('a')(3)]).toEqual([1, 1, 1]);
  expect(scratch('a')(2).buffer).toBe(first.buffer);
  expect(scratch('b')(2).buffer).not.toBe(first.buffer);
  expect(scratch('a')(5).buffer).not.toBe(first.buffer);
  expect(scratch('a')(5)).toHaveLength(5);
});

describe('two evaluations', () => {
  let model: Model;
  beforeAll(async () => {
    model = await openModel(await loadBundle(defaultManifest), executionOptions('cpu', 'fp32'));
  });
  afterAll(() => model.close());

  const at = (timestep: number): Evaluation => {
    const evaluation = typicalEvaluations(model)(2);
    return { ...evaluation, timesteps: [timestep, timestep] };
  };
  const noiseOf = (predictions: readonly Prediction[]): number[][] => predictions.map(({ noise }) => [...noise]);

  test('after one another: the second leaves what the first gave', async () => {
    const first = await model.denoise(at(900));
    const before = noiseOf(first);
    const second = await model.denoise(at(100));
    expect(noiseOf(first)).toEqual(before);
    expect(noiseOf(second)).not.toEqual(before);
  });

  test('at the same time: each gives what it gives alone', async () => {
    const [early, late] = [noiseOf(await model.denoise(at(700))), noiseOf(await model.denoise(at(300)))];
    const [earlyBeside, lateBeside] = await Promise.all([model.denoise(at(700)), model.denoise(at(300))]);
    expect(noiseOf(earlyBeside)).toEqual(early);
    expect(noiseOf(lateBeside)).toEqual(late);
  });
});
