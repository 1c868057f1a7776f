/** Large masks are looked at beside the event loop, or in its turns, and give the same as small ones. */
import sharp from 'sharp';
import { annotationsOf } from '../../src/exports/annotations.js';
import { AnnotationError, createAnnotator } from '../../src/exports/annotationsThread.js';
import { maskExtent } from '../../src/inference/index.js';
import { maskExtentInTurns } from '../../src/references/maskArea.js';

const SIZE = { width: 700, height: 500, channels: 1 } as const;

/** Two regions, one with a hole; far from the first rows. */
function maskBytes(): Buffer {
  const mask = Buffer.alloc(SIZE.width * SIZE.height);
  for (let y = 300; y < 400; y++) mask.fill(255, y * SIZE.width + 150, y * SIZE.width + 600);
  for (let y = 320; y < 350; y++) mask.fill(0, y * SIZE.width + 200, y * SIZE.width + 300);
  mask.fill(255, 450 * SIZE.width + 20, 450 * SIZE.width + 40);
  return mask;
}

test.each(['POLYGONS', 'RLE'] as const)('a large mask is annotated on a thread: %s', async (segmentation) => {
  const mask = await sharp(maskBytes(), { raw: SIZE }).toColourspace('b-w').png().toBuffer();
  const annotator = createAnnotator();
  const expected = await annotationsOf({ mask, segmentation });
  expect(expected.map(({ pixels }) => pixels)).toEqual([42_000, 20]);
  const workers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const before = workers();
  const annotated = annotator.annotate({ mask, segmentation }, SIZE.width * SIZE.height);
  expect(workers()).toBeGreaterThan(before);
  expect(await annotated).toEqual(expected);
  // Again on the same thread.
  expect(await annotator.annotate({ mask, segmentation }, SIZE.width * SIZE.height)).toEqual(expected);
  await annotator.close();
});

test('a mask that cannot be read fails its export, and the thread starts again', async () => {
  const annotator = createAnnotator();
  const task = { mask: Buffer.from('no picture'), segmentation: 'RLE' } as const;
  for (let i = 0; i < 2; i++) await expect(annotator.annotate(task, 1_000_000)).rejects.toThrow(AnnotationError);
  await annotator.close();
});

test('the extent of a mask, part by part, is that of the whole', async () => {
  const mask = maskBytes();
  const whole = maskExtent(mask, SIZE.width, 255);
  expect(whole).toMatchObject({ width: 580, height: 151 });
  expect(await maskExtentInTurns({ ...SIZE, data: mask })).toEqual({ width: 580, height: 151 });
});
