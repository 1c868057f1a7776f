/** Which donor each scene of a generation takes. */
import { DEFAULT_VARIATION } from '../src/inference/index.js';
import type { TransplantSettings } from '../src/storage/jsonColumns.js';
import { donorIndex } from '../src/generations/samples/sampleDraw.js';

const list = (length: number): string[] => Array.from({ length }, (_, i) => String(i));

const transplantOf = (donors: number): TransplantSettings => ({
  donors: list(donors),
  ofOtherProducts: false,
  variation: DEFAULT_VARIATION,
  anywhere: false,
  notHarmonized: null,
});

test.each([
  [1, 3],
  [3, 3],
  [4, 6],
  [6, 4],
  [2, 1],
  [5, 2],
])('%s photographs and %s donors: all pairs of the two come before any comes again', (photographs, donors) => {
  const transplant = transplantOf(donors);
  const pairs = list(photographs * donors).map((_, scene) => {
    const donor = donorIndex({ references: list(photographs), transplant }, scene);
    return `${String(scene % photographs)}/${String(donor)}`;
  });
  expect(new Set(pairs).size).toBe(photographs * donors);
});

test('on the image of a sample, which is no photograph, the donors take turns', () => {
  const transplant = transplantOf(3);
  const taken = [0, 1, 2, 3, 4].map((scene) => donorIndex({ references: [], transplant }, scene));
  expect(taken).toEqual([0, 1, 2, 0, 1]);
});
