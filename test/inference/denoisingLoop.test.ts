/** How samples share the evaluations of the denoiser: with a model that records its inputs. */
import { until } from '../support/until.js';
import { delivered, stage } from './denoisingLoopStage.js';

test('a sample of Eq. 4 has three rows on two background rows, each with its own prompts', async () => {
  const { evaluations, draw, settled } = stage(6);
  draw(1);
  await settled(1);
  const [first] = evaluations;
  expect(first).toMatchObject({ timesteps: [999], backgroundSample: [0, 0], rowBackground: [0, 1, 0] });
  expect(first?.background).toEqual(['industry', 'tile']);
  expect(first?.defect).toEqual(['good', 'good', 'scratch']);
  expect(first?.fusion).toEqual(['good industry', 'good tile', 'scratch industry']);
  expect(evaluations.map(({ timesteps }) => timesteps)).toEqual([[999], [666], [333], [0]]);
  // Mask features are work, and are asked for where they count: t < 100, of the row that carries the defect.
  expect(evaluations.map(({ maskRows }) => maskRows)).toEqual([[], [], [], [2]]);
});

test('samples with different plans follow one another in the batch', async () => {
  const { evaluations, draw, settled } = stage(6);
  draw(1);
  draw(2, { guidance: 'PRODUCT_RELATIVE' });
  await settled(1, 2);
  expect(evaluations[0]).toMatchObject({ backgroundSample: [0, 0, 1], rowBackground: [0, 1, 0, 2, 2] });
});

test('an evaluation never exceeds its row budget; waiting samples join in order', async () => {
  const { evaluations, told, draw, settled } = stage(6);
  [1, 2, 3, 4, 5].forEach((key) => draw(key));
  await settled(1, 2, 3, 4, 5);
  expect(Math.max(...evaluations.map(({ rowBackground }) => rowBackground.length))).toBe(6);
  expect(told.flatMap((message) => (message.kind === 'started' ? message.key : []))).toEqual([1, 2, 3, 4, 5]);
  expect(evaluations).toHaveLength(12);
});

test('a sample with more rows than the budget runs alone', async () => {
  const { evaluations, draw, settled } = stage(1);
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(evaluations.map(({ latents }) => latents.length)).toEqual(Array(8).fill(1));
});

test('a new request joins at the next step, at its own timestep', async () => {
  const { evaluations, draw, settled } = stage(6, (count) => {
    if (count === 2) draw(2, { steps: 3 });
  });
  draw(1);
  await settled(1);
  await settled(2);
  expect(evaluations.map(({ timesteps }) => timesteps)).toEqual([[999], [666], [333, 999], [0, 500], [0]]);
});

test('a cancellation takes effect before the next step, for running and for waiting samples', async () => {
  const { evaluations, told, draw, cancel, settled } = stage(6, (count) => {
    if (count === 2) cancel([1, 3]);
  });
  [1, 2, 3].forEach((key) => draw(key));
  await settled(1, 2, 3);
  expect(evaluations.map(({ latents }) => latents.length)).toEqual([2, 2, 1, 1]);
  expect(told.flatMap((message) => (message.kind === 'completed' ? message.key : []))).toEqual([2]);
});

test('fairness keys that use two bundles alternate', async () => {
  const { told, draw, settled } = stage(6);
  draw(1, { steps: 50, fairnessKey: 'a' });
  draw(2, { steps: 50, fairnessKey: 'b', bundle: 'other@1.0.0' });
  await settled(1, 2);
  const lastOf = (key: number): number =>
    told.findIndex((message) => message.kind === 'completed' && message.key === key);
  expect(told.slice(Math.min(lastOf(1), lastOf(2)) + 1, Math.max(lastOf(1), lastOf(2))).length).toBeLessThanOrEqual(1);
});

test('a sample whose noise is not a number fails alone', async () => {
  const { told, draw, settled } = stage(6, (count, { latents }) => {
    if (count === 2) latents[0]?.fill(NaN);
  });
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(told).toContainEqual({
    kind: 'failed',
    key: 1,
    message: 'the denoiser of fake@1.0.0 gave values that are not numbers at step 2',
  });
  expect(told.some((message) => message.kind === 'completed' && message.key === 2)).toBe(true);
});

test('a failed evaluation fails its samples, and waiting samples are generated', async () => {
  const { told, draw, settled } = stage(3, (count) => {
    if (count === 1) throw new Error('the device is gone');
  });
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(told).toContainEqual({ kind: 'failed', key: 1, message: 'the device is gone' });
  expect(told.some((message) => message.kind === 'completed' && message.key === 2)).toBe(true);
});

test('a sample of another fairness key or of a higher priority takes the next step; the preempted one continues where it was', async () => {
  const { evaluations, told, draw, settled } = stage(3, (count) => {
    if (count === 2) draw(2, { fairnessKey: 'b', steps: 2 });
    if (count === 6) draw(3, { priority: 1, steps: 3 });
  });
  draw(1, { fairnessKey: 'a', steps: 6 });
  await settled(1, 2, 3);
  const steps = evaluations.map(({ timesteps }) => timesteps[0]);
  expect(steps).toEqual([999, 799, 999, 599, 0, 400, 999, 500, 0, 200, 0]);
  expect(delivered(told).sort()).toEqual([1, 2, 3]);
});

test('samples that finish in the same step are decoded in one call', async () => {
  const { decodings, draw, settled } = stage(11);
  draw(1);
  draw(2, { twin: true });
  draw(3, { guidance: 'PRODUCT_RELATIVE' });
  await settled(1, 2, 3);
  // Image and mask of each, and a twin.
  expect(decodings).toEqual([7]);
});

test('for AVERAGE_PIXELS, the images of a mask are decoded a few at a time', async () => {
  const { decodings, draw, settled } = stage(3);
  draw(1, { maskMode: 'AVERAGE_PIXELS', steps: 400 });
  await settled(1);
  // t < 100 at 40 of the 400 steps; the image goes with the first.
  expect(decodings).toEqual([17, 16, 8]);
});

test('the other samples continue while a sample is decoded and encoded', async () => {
  const stepped = Promise.withResolvers<undefined>();
  const { evaluations, told, draw, settled } = stage(
    6,
    (count) => count === 12 && stepped.resolve(undefined),
    () => stepped.promise,
  );
  draw(1, { steps: 2 });
  draw(2, { steps: 15 });
  await settled(1, 2);
  expect(evaluations).toHaveLength(15);
  expect(delivered(told).sort()).toEqual([1, 2]);
});

test('the steps wait when too many samples are being finished', async () => {
  const released = Promise.withResolvers<undefined>();
  const { evaluations, told, draw, settled } = stage(3, undefined, () => released.promise);
  const keys = Array.from({ length: 30 }, (_, i) => i);
  for (const key of keys) draw(key, { steps: 2 });
  await until(() => evaluations.length >= 2 * 16);
  await new Promise((resolve) => setTimeout(resolve, 100)); // and no more than these
  expect(evaluations).toHaveLength(2 * 16);
  released.resolve(undefined);
  await settled(...keys);
  expect(delivered(told)).toHaveLength(30);
});

test('a sample that is canceled while it is decoded is not delivered, and the others are', async () => {
  const { told, draw, cancel, settled } = stage(6, undefined, () => cancel([1]));
  draw(1);
  draw(2);
  await settled(1, 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(delivered(told)).toEqual([2]);
  expect(told.filter(({ kind }) => kind === 'failed')).toEqual([]);
});

test('a sample that cannot be decoded fails alone', async () => {
  let calls = 0;
  const { told, draw, settled } = stage(3, undefined, () => {
    if (++calls === 1) throw new Error('the decoder is broken');
  });
  draw(1);
  draw(2);
  await settled(1, 2);
  expect(told).toContainEqual({ kind: 'failed', key: 1, message: 'the decoder is broken' });
  expect(delivered(told)).toEqual([2]);
});

test('a request that cannot start fails alone', async () => {
  const { told, draw, settled } = stage(6);
  draw(1, { steps: 5000 });
  draw(2, { bundle: 'absent@1.0.0' });
  draw(3);
  await settled(1, 2, 3);
  expect(told).toContainEqual({
    kind: 'failed',
    key: 1,
    message: 'steps must be a whole number from 1 to 1000, got 5000',
  });
  expect(told).toContainEqual({
    kind: 'failed',
    key: 2,
    message: 'the bundle absent@1.0.0 is not open on this device',
  });
  expect(told.some((message) => message.kind === 'completed' && message.key === 3)).toBe(true);
});
