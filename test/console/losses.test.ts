/** What the curve of a training shows. */
import { smoothed, withLoss } from '../../console/src/trainings/losses.js';
import { phaseText } from '../../console/src/trainings/phases.js';
import type { Losses } from '../../console/src/trainings/losses.js';

const progress = (phase: string, done: number, total?: number): Parameters<typeof withLoss>[1] => ({
  phase,
  done,
  figures: [{ name: 'mask', value: 9 }, ...(total === undefined ? [] : [{ name: 'total', value: total }])],
});

const after = (...all: Parameters<typeof progress>[]): readonly Losses[] =>
  all.reduce<readonly Losses[]>((former, one) => withLoss(former, progress(...one)), []);

test('each phase has its own losses, and a phase without a loss has none', () => {
  expect(after(['windows', 5], ['autoencoder', 1, 4], ['autoencoder', 2, 2], ['denoiser', 1, 8])).toEqual([
    { phase: 'autoencoder', steps: [1, 2], values: [4, 2] },
    { phase: 'denoiser', steps: [1], values: [8] },
  ]);
});

test('steps that are learnt again after a checkpoint replace those that were lost', () => {
  expect(after(['adapter', 10, 4], ['adapter', 20, 3], ['adapter', 30, 2], ['adapter', 15, 3.5])).toEqual([
    { phase: 'adapter', steps: [10, 15], values: [4, 3.5] },
  ]);
});

test('what has no logarithm is left out', () => {
  expect(after(['adapter', 1, 0], ['adapter', 2, 1])).toEqual([{ phase: 'adapter', steps: [2], values: [1] }]);
});

test('the smoothed curve of a constant is this constant, and it follows a fall', () => {
  for (const value of smoothed([2, 2, 2])) expect(value).toBeCloseTo(2);
  const fallen = smoothed([4, ...Array<number>(60).fill(1)]).at(-1);
  expect(fallen).toBeCloseTo(1, 2);
});

test('a phase has a text, whatever product it names, and a new one is none of the known ones', () => {
  expect(phaseText('latent cache')).toBe('latentCache');
  expect(['segmenter steel strip', 'draw cookie/broken', 'detectors cookie'].map(phaseText)).toEqual([
    ...['segmenter', 'draw', 'detectors'],
  ]);
  expect(['drawing', 'quantisation'].map(phaseText)).toEqual([undefined, undefined]);
});
