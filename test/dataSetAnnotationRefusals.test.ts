/** What an annotation tool wrote and cannot be read, or would be read wrongly, is refused by name. */
import { HEIGHT, WIDTH, coco, cocoEntries, labelme, picture } from './support/annotations.js';
import { importProduct, problemsOf, sendArchive } from './support/dataSets.js';
import { zipOf } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await importProduct(server, 'DIAL 7', 'dial', 'NCK', 'nick');
});

const zigzag = Array.from({ length: 240_000 }, (_, i) =>
  i % 2 === 0 ? (i / 240_000) * WIDTH : i % 4 === 1 ? 0 : HEIGHT,
);
const FILE = 'dial/annotations/instances_default.json';

test.each<[string, (document: Json) => void, string]>([
  [
    'a box',
    ({ annotations: [one] }) => delete one.segmentation,
    'dial/images/square.png: has a box, which does not say',
  ],
  ['no points', ({ annotations: [one] }) => (one.segmentation = [[1, 2]]), 'square.png: has a polygon of 2 numbers'],
  [
    'another size',
    ({ images }) => (images[1].width = 99),
    `square.png: its annotation in ${FILE} is for 99 × 40 pixels`,
  ],
  ['runs of another size', ({ annotations }) => (annotations[2].segmentation.counts = [1, 2]), 'has runs of 3 pixels'],
  [
    'damaged runs',
    ({ annotations }) => (annotations[2].segmentation.counts = '~'),
    'both.png: has run lengths that cannot be read',
  ],
  [
    'no such photograph',
    ({ images }) => (images[1].file_name = 'none.png'),
    `${FILE}: there is no photograph "none.png"`,
  ],
  [
    'no such category',
    ({ annotations: [one] }) => (one.category_id = 5),
    'square.png: has the category 5, which is not listed',
  ],
  ['an unknown defect', ({ categories: [one] }) => (one.name = 'dust'), 'the label "dust" is no defect of yours'],
  ['several defects', ({ categories, annotations }) => { categories.push({ id: 5, name: 'dust' }); annotations[2].category_id = 5; }, 'both.png: shows several defects, "Nick", "dust"'], // prettier-ignore
  ['a photograph that is not listed', ({ images }) => images.splice(0, 1), 'good.png: no COCO file lists it'],
  ['no list', (document) => (document.images = 5), `${FILE}: cannot be read: images must be a list`],
  [
    'an outline outside',
    ({ annotations: [one] }) => (one.segmentation = [[90, 90, 99, 90, 99, 99]]),
    `square.png: its annotation in ${FILE} marks no pixel of the photograph`,
  ],
  ['an endless outline', ({ annotations: [one] }) => (one.segmentation = [zigzag]), 'square.png: its annotation in'],
  [
    'an annotation of no image',
    ({ annotations: [one] }) => (one.image_id = '1'),
    `${FILE}: has an annotation of the image "1", which is not listed`,
  ],
  [
    'two images of one id',
    ({ images }) => (images[0].id = 1),
    `${FILE}: has two entries with the id "1": each image has its own`,
  ],
  [
    'a photograph of another folder',
    ({ images }) => (images[1].file_name = 'other/square.png'),
    `${FILE}: there is no photograph "other/square.png"`,
  ],
  [
    'a label that is no text',
    ({ categories: [one] }) => (one.name = 'nick\0'),
    'square.png: cannot be read: the name of a category must be',
  ],
  [
    'a million numbers for images',
    (document) => (document.images = Array.from({ length: 1e6 }, () => 0)),
    `${FILE}: cannot be read: an image must be an object`,
  ],
  [
    'more points than are read',
    ({ annotations: [one] }) => (one.segmentation = [Array.from({ length: 2_000_002 }, () => 1)]),
    'its annotations have more than 1000000 points',
  ],
])('COCO with %s is refused, by name', async (_, change, problem) => {
  const problems = await problemsOf(server, await zipOf(await cocoEntries(coco(change))));
  expect(problems.join('\n')).toContain(problem);
});

test('what YOLO and labelme do not say is asked for, by name', async () => {
  const [image, other] = [await picture(10), await picture(11)];
  const names = 'names: [nick]';
  const yolo = { 'dial/images/0.png': image, 'dial/images/1.png': other, 'dial/labels/1.txt': '0 0.1 0.1 0.5 0.5' };
  expect(await problemsOf(server, await zipOf({ ...yolo, 'dial/data.yaml': names }))).toEqual([
    'dial/images/0.png: has no annotation: add an empty dial/labels/0.txt if it shows a good part, or remove it',
    'dial/labels/1.txt: has a box, which does not say which of its pixels are the defect: annotate polygons or masks',
  ]);
  expect((await problemsOf(server, await zipOf(yolo)))[0]).toBe('there is no data.yaml with the names of the classes');
  const beside = { 'a.png': image, 'a.json': labelme(), 'b.png': other };
  expect(await problemsOf(server, await zipOf(beside))).toEqual([
    'b.png: has no annotation b.json: put photographs of good parts into a folder good',
    'its layout does not name the product: create the upload with partNumber, or pack the folder of the product',
  ]);
});

test('what would be read wrongly is refused: shared names, orphans, and one photograph as good and as defective', async () => {
  const [image, other] = [await picture(13), await picture(14)];
  const triangle = '0 0.1 0.1 0.5 0.1 0.5 0.5';
  const yolo = {
    'dial/data.yaml': 'names: [nick]',
    'dial/images/a.png': image,
    'dial/images/a.jpg': other,
    'dial/labels/a.txt': triangle,
    'dial/labels/b.txt': triangle,
  };
  expect(await problemsOf(server, await zipOf(yolo))).toEqual([
    'dial/labels/b.txt: there is no photograph for this annotation; remove it, or add the photograph',
    'dial/images/a.png, dial/images/a.jpg have one name, and would share dial/labels/a.txt: rename one',
  ]);
  const twice = { 'dial/good/0.png': image, 'dial/1.png': image, 'dial/1.json': labelme() };
  expect((await problemsOf(server, await zipOf(twice)))[0]).toContain('and one shows a good part, the other a defect');
  const both = { ...(await cocoEntries()), 'dial/images/good.json': labelme() };
  expect((await problemsOf(server, await zipOf(both)))[0]).toBe(
    'it has annotations of COCO and of labelme: keep those of one tool',
  );
});

test.each(['good.png', 'square.png'])('an empty file %s is refused by its name', async (name) => {
  const entries = { ...(await cocoEntries()), [`dial/images/${name}`]: '' };
  expect((await problemsOf(server, await zipOf(entries)))[0]).toMatch(new RegExp(`^dial/images/${name}: is empty`));
});

test('a list of classes without end is refused before it is read', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `  ${String(i)}: c${String(i)}`).join('\n');
  const entries = {
    'dial/data.yaml': `names:\n${names}`,
    'dial/images/0.png': await picture(18),
    'dial/labels/0.txt': '',
  };
  expect((await problemsOf(server, await zipOf(entries)))[0]).toMatch(
    /^dial\/data\.yaml: has \d+ bytes; at most 16384/,
  );
});

test('an archive whose folders name the products has no other product', async () => {
  const entries = { 'dial/train/good/0.png': await picture(12) };
  const { body } = await sendArchive(server, await zipOf(entries), { partNumber: 'DIAL 7' });
  expect(body.errors?.[0]?.message).toContain('its folders name the products, and the upload has a partNumber');
});
