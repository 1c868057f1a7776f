/** The foreground of a photograph: where Python finds it (golden/make_foregrounds.py), and nothing where the part is everywhere. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { readForeground } from '../../src/inference/device/sample/allowedArea.js';
import { findForeground, reducedSize } from '../../src/inference/method/foreground.js';
import { overlap, pixelsOf } from './images.js';
import { fabric } from './inpaintingEngine.js';

const cookies = new URL('../../examples/cookie/data/cookie/', import.meta.url);
const folders: Record<string, string> = { good: 'train/good', broken: 'test/broken' };
const golden = new URL('golden/foregrounds/', import.meta.url);

test.each(readdirSync(golden))('%s is what Python finds', async (name) => {
  const [folder = '', number = ''] = name.split('.')[0]?.split('-') ?? [];
  const photograph = fileURLToPath(new URL(`${folders[folder] ?? ''}/${number}.jpg`, cookies));
  const size = await sharp(photograph).metadata();
  const found = (await readForeground(photograph, size)) ?? new Uint8Array(size.width * size.height);
  const expected = await pixelsOf(readFileSync(new URL(name, golden)));
  expect(
    overlap(
      found.map((value) => 255 * value),
      expected.data,
    ),
  ).toBeGreaterThan(0.98);
});

test('a texture has none', async () => {
  expect(await readForeground(fabric, await sharp(fabric).metadata())).toBeNull();
});

test('a part in front of the border stands out, with a margin around it, and the rest does not', () => {
  const size = { width: 90, height: 60 };
  const isPart = (x: number, y: number): boolean => (x - 55) ** 2 + (y - 30) ** 2 <= 18 ** 2;
  const rgb = new Uint8Array(3 * 90 * 60).map((_, i) => {
    const pixel = Math.floor(i / 3);
    return (isPart(pixel % 90, Math.floor(pixel / 90)) ? 180 : 60) + ((i * 7) % 11);
  });
  const found = findForeground(rgb, size) ?? new Uint8Array();
  const at = (x: number, y: number): number | undefined => found[y * 90 + x];
  expect([at(55, 30), at(38, 30), at(35, 30), at(55, 10), at(55, 6), at(20, 30), at(0, 0)]).toEqual([
    1, 1, 1, 1, 0, 0, 0,
  ]);
});

test('it is looked for at 96 pixels, or at the size of a smaller photograph', () => {
  expect(reducedSize({ width: 4000, height: 3000 })).toEqual({ width: 96, height: 72 });
  expect(reducedSize({ width: 40, height: 30 })).toEqual({ width: 40, height: 30 });
  expect(reducedSize({ width: 8192, height: 32 })).toEqual({ width: 96, height: 1 });
});
