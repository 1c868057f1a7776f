/** Archives in the layouts of annotation tools become data sets: COCO, YOLO segmentation, and labelme. */
import sharp from 'sharp';
import { importProduct, membersOf, problemsOf, sendArchive, testedIn } from './support/dataSets.js';
import { bytesAt } from './support/generations.js';
import { zipOf } from './support/models.js';
import { photograph } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

/** Of the photographs here. */
const [WIDTH, HEIGHT] = [48, 40];
const CORNERS = [10, 8, 30, 8, 30, 20, 10, 20];

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await importProduct(server, 'DIAL 7', 'dial', 'NCK', 'nick');
});

const picture = (seed: number): Promise<Buffer> => photograph(seed, WIDTH, HEIGHT).png().toBuffer();
const inSquare = (x: number, y: number): boolean => x >= 10 && x < 30 && y >= 8 && y < 20;
const inSpot = (x: number, y: number): boolean => x >= 2 && x < 5 && y >= 30 && y < 33;

async function greyPixels(url: string): Promise<Buffer> {
  return sharp(await bytesAt(url))
    .toColourspace('b-w')
    .raw()
    .toBuffer();
}

/** Whether the mask of the defective photograph with this label is white exactly where it should be. */
async function isMasked(dataSet: Json, label: string, inside: (x: number, y: number) => boolean): Promise<boolean> {
  const query = `query ($id: ID!) { dataSet(id: $id) { members(first: 20) { edges { node { reference {
    name mask { image { url } } } } } } } }`;
  const { edges } = (await server.data(query, { id: dataSet.id })).dataSet.members;
  const found = edges.find(({ node }: Json) => node.reference.name === label);
  const data = await greyPixels(found.node.reference.mask.image.url as string);
  return data.every((value, i) => value === (inside(i % WIDTH, Math.floor(i / WIDTH)) ? 255 : 0));
}

async function made(entries: Record<string, string | Buffer>, more: { partNumber?: string } = {}): Promise<Json> {
  const { status, body, dataSet } = await sendArchive(server, await zipOf(entries), more);
  expect([status, body.errors]).toEqual([201, undefined]);
  return dataSet;
}

const SPOT = '^33U1000b59UJ0000000000000000000000000000000000000X7';
function coco(change: (document: Json) => void = () => undefined): string {
  const sides = { width: WIDTH, height: HEIGHT };
  const document = {
    images: ['good.png', 'square.png', 'both.png'].map((file_name, id) => ({ id, file_name, ...sides })),
    categories: [{ id: 4, name: 'Nick' }],
    annotations: [
      { image_id: 1, category_id: 4, segmentation: [CORNERS], bbox: [10, 8, 20, 12] },
      { image_id: 2, category_id: 4, segmentation: [CORNERS] },
      { image_id: 2, category_id: 4, segmentation: { size: [HEIGHT, WIDTH], counts: [110, 3, 37, 3, 37, 3, 1727] } },
    ],
  };
  change(document);
  return JSON.stringify(document);
}

async function cocoEntries(document = coco()): Promise<Record<string, string | Buffer>> {
  return {
    'dial/annotations/instances_default.json': document,
    'dial/images/good.png': await picture(1),
    'dial/images/square.png': await picture(2),
    'dial/images/both.png': await picture(3),
  };
}

test('COCO: polygons and run lengths become masks, and photographs without annotations show good parts', async () => {
  const dataSet = await made(await cocoEntries());
  expect(dataSet.counts).toMatchObject({ goodPhotographs: 1, defectivePhotographs: 2 });
  for (const { product, defect } of membersOf(dataSet))
    expect([product.partNumber, defect?.code ?? 'NCK']).toEqual(['DIAL 7', 'NCK']);
  expect(await isMasked(dataSet, 'images/square.png', inSquare)).toBe(true);
  expect(await isMasked(dataSet, 'images/both.png', (x, y) => inSquare(x, y) || inSpot(x, y))).toBe(true);
});

test('COCO: compressed run lengths, as pycocotools writes them', async () => {
  const small = [36, 40] as const;
  const document = {
    images: [{ id: 1, file_name: 'a.png' }],
    categories: [{ id: 1, name: 'nick' }],
    annotations: [{ image_id: 1, category_id: 1, segmentation: { size: [small[1], small[0]], counts: SPOT } }],
  };
  const entries = {
    'a.png': await photograph(4, ...small)
      .png()
      .toBuffer(),
    'a-coco.json': JSON.stringify(document),
  };
  const dataSet = await made(entries, { partNumber: 'DIAL 7' });
  const query = `query ($id: ID!) { dataSet(id: $id) { members(first: 2) { edges { node { reference { mask { image { url } } } } } } } }`;
  const [{ node }] = (await server.data(query, { id: dataSet.id })).dataSet.members.edges;
  const data = await greyPixels(node.reference.mask.image.url as string);
  const isInside = (i: number): boolean => {
    const [x, y] = [i % small[0], Math.floor(i / small[0])];
    return inSquare(x, y) || inSpot(x, y);
  };
  expect(data.every((value, i) => value === (isInside(i) ? 255 : 0))).toBe(true);
});

test('YOLO segmentation: with the names of data.yaml, and its own division', async () => {
  const square = CORNERS.map((value, i) => value / (i % 2 === 0 ? WIDTH : HEIGHT)).join(' ');
  const dataSet = await made({
    'dial/data.yaml': 'path: .\nnames:\n  0: dent\n  1: nick\n',
    'dial/train/images/0.png': await picture(5),
    'dial/train/labels/0.txt': '',
    'dial/train/images/1.png': await picture(6),
    'dial/train/labels/1.txt': `1 ${square}\n`,
    'dial/valid/images/2.png': await picture(7),
    'dial/valid/labels/2.txt': `1 ${square}\n`,
  });
  expect(dataSet.counts).toMatchObject({ goodPhotographs: 1, defectivePhotographs: 2, train: 2, test: 1 });
  expect(testedIn(dataSet)).toHaveLength(1);
  expect(await isMasked(dataSet, 'valid/images/2.png', inSquare)).toBe(true);
});

function labelme(shape: object = { label: 'nick', shape_type: 'polygon' }): string {
  const points = [[10, 8], [30, 8], [30, 20], [10, 20]]; // prettier-ignore
  return JSON.stringify({ imageWidth: WIDTH, imageHeight: HEIGHT, shapes: [{ points, ...shape }] });
}

test('labelme: a JSON file beside each photograph, and good ones in a folder', async () => {
  const dataSet = await made({
    'dial/good/0.png': await picture(8),
    'dial/1.png': await picture(9),
    'dial/1.json': labelme(),
  });
  expect(dataSet.counts).toMatchObject({ goodPhotographs: 1, defectivePhotographs: 1 });
  expect(await isMasked(dataSet, '1.png', inSquare)).toBe(true);
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
  ['nothing of COCO', (document) => delete document.images, `${FILE}: images: `],
  [
    'an outline outside',
    ({ annotations: [one] }) => (one.segmentation = [[90, 90, 99, 90, 99, 99]]),
    `square.png: its annotation in ${FILE} is all black`,
  ],
  ['an endless outline', ({ annotations: [one] }) => (one.segmentation = [zigzag]), 'square.png: its annotation in'],
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

test('an archive whose folders name the products has no other product', async () => {
  const entries = { 'dial/train/good/0.png': await picture(12) };
  const { body } = await sendArchive(server, await zipOf(entries), { partNumber: 'DIAL 7' });
  expect(body.errors?.[0]?.message).toContain('its folders name the products, and the upload has a partNumber');
});
