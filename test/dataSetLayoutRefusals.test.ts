/** An archive in a published layout that is incomplete, mixed, or hostile is refused by the names of its files. */
import { picture } from './support/annotations.js';
import { importProduct, problemsOf, sendArchive } from './support/dataSets.js';
import { FOLDER_FIXTURES, SQUARE, maskOf } from './support/layouts.js';
import { zipOf } from './support/models.js';
import { claiming } from './support/photographs.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';
import { storedFiles } from './support/uploads.js';

type Files = Map<string, Buffer | string>;

let server: Server;
beforeAll(async () => {
  server = await startServer({ MAX_UPLOAD_BYTES: '200000' });
  for (const [product, defect] of [
    ['candle', 'bad'],
    ['cashew', 'bad'],
    ['can', 'bad'],
    ['bag', 'logical anomalies'],
    ['bag', 'structural anomalies'],
    ['jack', 'scratch'],
    ['bagel', 'hole'],
    ['clip', 'bent'],
    ['clip', 'torn'],
    ['Class1', 'defect'],
  ] as const)
    await importProduct(server, product.toUpperCase(), product, defect.toUpperCase().replace(' ', '_'), defect);
});

async function changed(layout: string, change: (files: Files) => unknown = () => undefined): Promise<Buffer> {
  const files: Files = new Map(Object.entries((await FOLDER_FIXTURES[layout]?.())?.files ?? {}));
  await change(files);
  return zipOf(Object.fromEntries(files));
}

const VISA = 'VisA/candle/Data';
const READ =
  'MVTec AD and its like (BTAD, MVTec LOCO), MVTec AD 2, MVTec 3D-AD, VisA, Real-IAD, KolektorSDD2, DAGM 2007, ';

test.each<[string, string, (files: Files) => unknown, readonly (string | RegExp)[]]>([
  [
    'a photograph lacks its mask',
    'VisA',
    (files) => files.delete(`${VISA}/Masks/Anomaly/000.png`),
    [`${VISA}/Images/Anomaly/000.JPG: has no mask: ${VISA}/Masks/Anomaly/000.png is missing`],
  ],
  [
    'a mask lacks its photograph',
    'VisA',
    (files) => files.delete(`${VISA}/Images/Anomaly/000.JPG`),
    [`${VISA}/Masks/Anomaly/000.png: there is no photograph for this mask; remove it, or add the photograph`],
  ],
  [
    'a mask is a JPEG',
    'VisA',
    (files) => {
      files.set(`${VISA}/Masks/Anomaly/000.jpg`, files.get(`${VISA}/Masks/Anomaly/000.png`) ?? '');
      files.delete(`${VISA}/Masks/Anomaly/000.png`);
    },
    [`${VISA}/Masks/Anomaly/000.jpg: a file of this type blurs a mask: save it as PNG`],
  ],
  [
    'two photographs would share a mask',
    'VisA',
    async (files) => files.set(`${VISA}/Images/Anomaly/000.png`, await picture(30)),
    [/^VisA\/candle\/Data\/Images\/Anomaly\/000\.JPG, .*000\.png have one name, and would share the mask .*000\.png: /],
  ],
  [
    'a photograph lies elsewhere',
    'MVTec AD 2',
    async (files) => files.set('can/extra/000.png', await picture(30)),
    [/^can\/extra\/000\.png: is not where MVTec AD 2 has photographs: <product>\/train\/good, /],
  ],
  [
    'not even a black mask says that a part is good',
    'KolektorSDD2',
    (files) => files.delete('train/10000_GT.png'),
    [
      'its layout does not name the product: create the upload with partNumber, or pack the folder of the product',
      'train/10000.png: has no mask: train/10000_GT.png is missing',
    ],
  ],
  [
    'something is marked on a good part',
    'MVTec LOCO',
    async (files) => files.set('bag/ground_truth/good/000.png', await maskOf(255, SQUARE)),
    ['bag/test/good/000.png: is listed as good, but something is marked in its mask bag/ground_truth/good/000.png'],
  ],
  [
    'a single mask has several values',
    'MVTec AD 2',
    async (files) => files.set('can/test_public/ground_truth/bad/000_regular_mask.png', await picture(30)),
    [/^can\/test_public\/ground_truth\/bad\/000_regular_mask\.png: every pixel must be 0 or 255; there are \d+ other/],
  ],
  [
    'a mask claims more pixels than its photograph',
    'MVTec 3D-AD',
    (files) => files.set('bagel/test/hole/gt/000.png', claiming(30_000, 30_000)),
    [/^bagel\/test\/hole\/rgb\/000\.png: is 48 × 40 pixels, but its mask is 30000 × 30000; /],
  ],
  [
    'a mask is a bomb',
    'MVTec 3D-AD',
    (files) => files.set('bagel/test/hole/gt/000.png', Buffer.alloc(200_001)),
    ['bagel/test/hole/gt/000.png: has 200001 bytes; at most 200000 are allowed'],
  ],
  [
    'the layout calls a defect what the catalog does not',
    'Real-IAD',
    async (files) => {
      files.set('jack/NG/ZW/S3/1.jpg', await picture(30));
      files.set('jack/NG/ZW/S3/1.png', await maskOf(255, SQUARE));
    },
    [
      'what the layout calls "contamination" is no defect of yours: import the defect with importCatalog first, with this code or prompt name',
    ],
  ],
  [
    'masks lie among photographs',
    'the like of MVTec AD',
    async (files) => {
      files.set('clip/train/Normal/lot/0_mask.png', await maskOf(255, SQUARE));
      files.set('clip/test/bent/0_gt.png', await maskOf(255, SQUARE));
    },
    [
      'clip/train/Normal/lot/0_mask.png: is a mask among photographs of good parts: remove it, or move it to ground_truth',
      'clip/test/bent/0_gt.png: is a mask among photographs: remove it, or move it to ground_truth',
    ],
  ],
  [
    'two layouts are mixed',
    'VisA',
    async (files) => files.set('VisA/can/test_public/good/000.png', await picture(30)),
    [
      'it has files of several layouts, of MVTec AD 2 (VisA/can/test_public/good/000.png) and of VisA (VisA/candle/Data/Images/Normal/0000.JPG): make an archive of each',
    ],
  ],
  [
    'a layout is mixed with that of MVTec AD',
    'VisA',
    async (files) => files.set('VisA/can/train/good/000.png', await picture(30)),
    [/^it has files of several layouts, of VisA \(.*\) and of MVTec AD \(VisA\/can\/train\/good\/000\.png\): /],
  ],
  [
    'the layout is not known',
    'VisA',
    (files) => {
      for (const name of [...files.keys()]) {
        files.set(name.replace('Data/', 'Photos/'), files.get(name) ?? '');
        files.delete(name);
      }
    },
    [
      `it is in no layout that is read: its photographs lie in "VisA/candle/Photos/Images/Normal/", "VisA/candle/Photos/Images/Anomaly/", "VisA/candle/Photos/Masks/Anomaly/" and 3 more. These are read: ${READ}Severstal, COCO, YOLO segmentation, labelme, CVAT for images`,
    ],
  ],
])('%s (%s)', async (_, layout, change, problems) => {
  const files = storedFiles(server);
  const archive = await changed(layout, change);
  expect(await problemsOf(server, archive)).toEqual(
    problems.map((problem) => (typeof problem === 'string' ? problem : expect.stringMatching(problem))),
  );
  expect(storedFiles(server)).toEqual(files);
});

test('a path that leaves the folder is refused in every layout', async () => {
  const archive = await changed('VisA');
  const escaped = Buffer.from(archive.toString('latin1').replaceAll('VisA/candle', '../A/candle'), 'latin1');
  expect(await problemsOf(server, escaped)).toEqual([
    expect.stringMatching(/^cannot be read: invalid relative path: /),
  ]);
});

test('an archive whose folders name the products has no other product', async () => {
  const archive = await changed('VisA');
  const { body } = await sendArchive(server, archive, { partNumber: 'CANDLE' });
  expect(body.errors[0].message).toContain('its folders name the products, and the upload has a partNumber');
});
