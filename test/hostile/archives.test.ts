/** Annotations of megabytes that are made to hold up the event loop: they are refused before they do, or read in turns. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { ServiceError } from '../../src/errors.js';
import type { Archive } from '../../src/dataSets/archive/openArchive.js';
import { Problems } from '../../src/dataSets/archive/problems.js';
import { readLayout } from '../../src/dataSets/archive/readLayout.js';

type Files = Readonly<Record<string, string>>;

const MOST = 4 * 2 ** 20 - 1_000;
const filled = (piece: string): string => piece.repeat(Math.floor(MOST / piece.length));
const listOf = (count: number, item: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join();

function archiveOf(files: Files): Archive {
  return {
    names: Object.keys(files),
    read: async (name) => Promise.resolve(Buffer.from(files[name] ?? '')),
    close: () => undefined,
  };
}

/** The first problem, if any, and how often the event loop ran meanwhile. */
async function read(files: Files): Promise<{ problem: string; turns: number }> {
  const problems = new Problems();
  let [turns, isRead] = [0, false];
  const counting = (async () => {
    for (; !isRead; turns++) await turnOfTheLoop();
  })();
  try {
    await readLayout(archiveOf(files), 'DIAL', problems);
    problems.throwIfAny();
    return { problem: '', turns };
  } catch (error) {
    return { problem: (error as ServiceError).message, turns };
  } finally {
    isRead = true;
    await counting;
  }
}

const image = { 'a/images/x.png': '' };
const coco = (text: string): Files => ({ ...image, 'a/c.json': text });
const images = (text: string): Files => coco(`{"categories":[],"annotations":[],"images":[${text}]}`);
const annotations = (text: string): Files =>
  coco(
    `{"categories":[{"id":1,"name":"nick"}],"images":[{"id":1,"file_name":"x.png"}],"annotations":[{"image_id":1,"category_id":1,"segmentation":${text}}]}`,
  );
const cvat = (text: string): Files => ({ ...image, 'a/annotations.xml': `<annotations>${text}` });
const severstal = (text: string): Files => ({
  'a/train_images/x.png': '',
  'a/train.csv': `ImageId,ClassId,EncodedPixels\n${text}`,
});

test.each<[string, Files, string]>([
  [
    'a path of a million steps up',
    images(`{"id":1,"file_name":"${filled('../').slice(90)}"}`),
    'there is no photograph',
  ],
  [
    'a subset of as many',
    cvat(`<image name="x" subset="${filled('../')}"/></annotations>`),
    'there is no photograph "x"',
  ],
  [
    'a manifest with such a path',
    { 'p/train/good/1.png': '', 'manifest.csv': `image,split\n${'../'.repeat(340_000)},test\n` },
    'there is no photograph',
  ],
  [
    'brackets in each other',
    coco(`{"images":[],"annotations":[],"categories":${filled('[')}`),
    'deeper than 64 levels',
  ],
  ['empty objects', images(filled('{},')), 'has more than 400000 objects, lists, and fields: divide it'],
  [
    'names of fields',
    coco(`{${listOf(30_000, (i) => `"key${String(i)}":0`)},"images":[],"annotations":[],"categories":[]}`),
    'has fields of more than 20000 different names',
  ],
  ['polygons of one annotation', annotations(`[${listOf(20_000, () => '[1,1,2,2,3,3]')}]`), '20000 polygons'],
  ['compressed runs', annotations(`{"size":[9,9],"counts":"${'0'.repeat(1_000_001)}"}`), 'of 1000001 characters'],
  [
    'attributes of a tag',
    cvat(`<a ${listOf(101, (i) => ` k${String(i)}="" `).replaceAll(',', '')}/>`),
    '100 attributes',
  ],
  [
    'points of a shape',
    cvat(`<image name="x.png" width="9" height="9"><polygon label="a" points="${'1,1;'.repeat(250_001)}"/></image>`),
    'has points of 1000004 characters',
  ],
  ['a line of runs', severstal(`x.png,1,${'1 1 '.repeat(125_001)}`), 'line 2 has 500012 characters'],
  ['a data.yaml of brackets', { ...image, 'a/labels/x.txt': '', 'a/data.yaml': '['.repeat(20_000) }, 'has 20000 bytes'],
])('%s: refused before it is read', async (_, files, problem) => {
  expect((await read(files)).problem).toContain(problem);
});

test.each<[string, Files]>([
  ['images of COCO', images(listOf(80_000, (i) => `{"id":${String(i)},"file_name":"${String(i)}.png"}`))],
  ['shapes of CVAT', cvat(filled('<polygon label="a" points="1,1;2,2;3,3"/>'))],
  ['lines of Severstal', severstal(filled('x.png,1,1 1\n'))],
  ['line breaks', severstal(filled('\n'))],
])('%s, of which there are many: read in turns of the event loop', async (_, files) => {
  expect((await read(files)).turns).toBeGreaterThan(50);
});

test('photographs of one name, which each path could mean, are not compared without end', async () => {
  const alike = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`d/a${String(i)}/x.png`, '']));
  const listed = listOf(1_000, (i) => `{"id":${String(i)},"file_name":"y/x.png"}`);
  const document = `{"categories":[],"annotations":[],"images":[${listed}]}`;
  expect((await read({ ...alike, 'd/c.json': document })).problem).toContain('annotate them by their paths');
});
