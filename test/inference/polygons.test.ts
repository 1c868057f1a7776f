import { polygonsExtent, rasterizePolygons } from '../../src/inference/method/polygons.js';

const rows = (mask: Uint8Array, width: number): string[] =>
  Array.from({ length: mask.length / width }, (_, y) =>
    [...mask.subarray(y * width, (y + 1) * width)].map((value) => (value === 1 ? '#' : '.')).join(''),
  );

test('a polygon covers the pixels whose middle it covers', () => {
  const square = [[1, 1], [4, 1], [4, 3], [1, 3]] as const; // prettier-ignore
  expect(rows(rasterizePolygons([square], 5, 4), 5)).toEqual(['.....', '.###.', '.###.', '.....']);
  const triangle = [[0, 0], [4, 0], [0, 4]] as const; // prettier-ignore
  expect(rows(rasterizePolygons([triangle], 4, 4), 4)).toEqual(['###.', '##..', '#...', '....']);
});

test('a dent stays outside, and several polygons are one region', () => {
  const dented = [[0, 0], [6, 0], [6, 2], [3, 0.8], [0, 2]] as const; // prettier-ignore
  const dot = [[2, 3], [3, 3], [3, 4], [2, 4]] as const; // prettier-ignore
  expect(rows(rasterizePolygons([dented, dot], 6, 4), 6)).toEqual(['######', '#....#', '......', '..#...']);
});

test('what reaches to the border covers it, and what covers no middle covers nothing', () => {
  const all = [[0, 0], [3, 0], [3, 2], [0, 2]] as const; // prettier-ignore
  expect(rows(rasterizePolygons([all], 3, 2), 3)).toEqual(['###', '###']);
  const thin = [[0, 0.6], [3, 0.6], [3, 0.9], [0, 0.9]] as const; // prettier-ignore
  expect(rasterizePolygons([thin], 3, 2).includes(1)).toBe(false);
});

test('the extent is that of the pixels that are set', () => {
  const far = [[[0, 0], [2, 0], [2, 1], [0, 1]], [[5, 6], [7, 6], [7, 8], [5, 8]]] as const; // prettier-ignore
  expect(polygonsExtent(far, 10, 10)).toEqual({ width: 7, height: 8 });
  expect(polygonsExtent([[[0, 0.6], [3, 0.6], [3, 0.9]]], 10, 10)).toEqual({ width: 0, height: 0 }); // prettier-ignore
});
