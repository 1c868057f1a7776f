/** Which donor each scene of a generation takes. */
import { donorIndex } from '../src/generations/samples/sampleDraw.js';

const list = (length: number): string[] => Array.from({ length }, (_, i) => String(i));

test.each([
  [1, 3],
  [3, 3],
  [4, 6],
  [6, 4],
  [2, 1],
  [5, 2],
])('%s photographs and %s donors: all pairs of the two come before any comes again', (photographs, donors) => {
  const transplant = { donors: list(donors), variation: {} as never, notHarmonized: null };
  const pairs = list(photographs * donors).map((_, scene) => {
    const donor = donorIndex({ references: list(photographs), transplant }, scene);
    return `${String(scene % photographs)}/${String(donor)}`;
  });
  expect(new Set(pairs).size).toBe(photographs * donors);
});

test('on the image of a sample, which is no photograph, the donors take turns', () => {
  const transplant = { donors: list(3), variation: {} as never, notHarmonized: null };
  const taken = [0, 1, 2, 3, 4].map((scene) => donorIndex({ references: [], transplant }, scene));
  expect(taken).toEqual([0, 1, 2, 0, 1]);
});
