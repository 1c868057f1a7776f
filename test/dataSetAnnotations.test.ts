/** Archives in the layouts of annotation tools become data sets: COCO, YOLO segmentation, and labelme. */
import sharp from 'sharp';
import { CORNERS, HEIGHT, WIDTH, coco, cocoEntries, labelme, picture } from './support/annotations.js';
import { importProduct, membersOf, sendArchive, testedIn } from './support/dataSets.js';
import { bytesAt } from './support/generations.js';
import { zipOf } from './support/models.js';
import { photograph } from './support/photographs.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await importProduct(server, 'DIAL 7', 'dial', 'NCK', 'nick');
});

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

test('labelme: a JSON file beside each photograph, and good ones in a folder', async () => {
  const dataSet = await made({
    'dial/good/0.png': await picture(8),
    'dial/1.png': await picture(9),
    'dial/1.json': labelme(),
  });
  expect(dataSet.counts).toMatchObject({ goodPhotographs: 1, defectivePhotographs: 1 });
  expect(await isMasked(dataSet, '1.png', inSquare)).toBe(true);
});

test('a folder or file that only begins like val divides nothing, and other JSON files are not read', async () => {
  await importProduct(server, 'VALVE', 'valve', 'NCK', 'nick');
  const { counts } = await made({
    'valve/instances_validated.json': coco(),
    'valve/notes.json': '{"version": 1}',
    'valve/good.png': await picture(15),
    'valve/square.png': await picture(16),
    'valve/both.png': await picture(17),
  });
  expect(counts.train).toBeGreaterThan(0);
});
