/** The mix of one's own transplants, transferred defects, and photographs, as one archive: from the real server with the default bundle. */
import { entriesIn, textIn } from './support/zip.js';
import type { ZipEntry } from './support/zip.js';
import { SPOT, donorOf, spotMask, spotted } from './support/donors.js';
import { EXPORT, exportDataset, exportEnded } from './support/exports.js';
import { GENERATE, bytesAt, fetchGeneration } from './support/generations.js';
import { OTHER, fabric, pixels, server } from './support/photographStage.js';
import type { Json } from './support/server.js';
import { ofNewPair, startTransplantStage, transplanted } from './support/transplantStage.js';
import { until } from './support/until.js';
import { MASK, send } from './support/uploads.js';

const BOTH = { own: true, ofOtherProducts: true };
const MIX = { filter: { partNumber: 'COOKIE' }, photographs: BOTH };
/** The same photograph shows another defect, elsewhere. */
const CRUMB = { x: 40, y: 50, radius: 9 };

let crumb: Json;
let hole: Json;
let theirs: Json;

beforeAll(async () => {
  await startTransplantStage();
  await server.data(
    'mutation { importCatalog(input: { defects: [{ code: "CRUMB", name: "crumb" }] }) { defects { created } } }',
  );
  const mask = await spotMask(CRUMB);
  const ofCrumb = { purpose: 'REFERENCE', partNumber: 'COOKIE', defectCode: 'CRUMB', maskId: mask.id };
  crumb = await send(server, await spotted(), ofCrumb);
  hole = await donorOf('FABRIC', 'HOLE', { x: 200, y: 60, radius: 20 });
  theirs = await donorOfTheirs();
  for (const wish of [
    { variation: { place: 'ANYWHERE' } },
    { defectCode: 'CRUMB', defectReference: { ids: [crumb.id] }, variation: { place: 'ANYWHERE' } },
    { defectReference: { ofOtherProducts: true }, variation: { place: 'ANYWHERE' } },
  ])
    expect((await transplanted({ count: 2, ...wish })).samples).toHaveLength(2);
});

async function donorOfTheirs(): Promise<Json> {
  const shape = await bytesAt((await spotMask()).image.url);
  const mask = await send(server, shape, MASK, OTHER);
  await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'FABRIC' }, OTHER);
  const input = { purpose: 'REFERENCE', partNumber: 'FABRIC', defectCode: 'STAIN', maskId: mask.id };
  return send(server, await spotted(SPOT), input, OTHER);
}

async function archiveOf(input: object, key?: string): Promise<{ entries: ZipEntry[]; manifest: Json; made: Json }> {
  const { id } = await exportDataset(server, input, key);
  const made = await exportEnded(server, id);
  expect(made).toMatchObject({ status: 'SUCCEEDED', error: null });
  const entries = entriesIn(await bytesAt(made.archive.url));
  return { entries, manifest: JSON.parse(textIn(entries, 'manifest.json')), made };
}

const named = (entries: readonly ZipEntry[], end: string): Buffer =>
  entries.find(({ name }) => name.endsWith(end))?.content ?? Buffer.from('missing');

test('COCO: real ones beside samples, told apart, each region with its own class', async () => {
  const { entries, manifest, made } = await archiveOf({ format: 'COCO', heldOutFraction: 0, ...MIX });
  expect(made).toMatchObject({ sampleCount: 6, photographCount: 3, options: { photographs: BOTH } });
  expect(
    manifest.photographs.map(({ referenceId, defectCode, partNumber, origin }: Json) => [
      referenceId,
      defectCode,
      partNumber,
      origin,
    ]),
  ).toEqual([
    [ofNewPair.donor.id, 'BURN', 'COOKIE', 'REAL'],
    [crumb.id, 'CRUMB', 'COOKIE', 'REAL'],
    [hole.id, 'HOLE', 'FABRIC', 'REAL'],
  ]);
  const { images, annotations, categories } = JSON.parse(textIn(entries, 'annotations/instances_train.json'));
  const real = images.filter(({ origin }: Json) => origin === 'REAL');
  expect(real).toMatchObject([
    { file_name: `photograph_${ofNewPair.donor.id}.png`, license: 2, width: 256, height: 256 },
    { file_name: `photograph_${hole.id}.png`, license: 2 },
  ]);
  const regions = (image: Json) =>
    annotations
      .filter((each: Json) => each.image_id === image.id)
      .map(({ category_id: id, bbox }: Json) => [
        categories[id - 1].name,
        bbox[0] + bbox[2] / 2,
        bbox[1] + bbox[3] / 2,
      ]);
  expect(regions(real[0])).toEqual([
    ['BURN', SPOT.x + 0.5, SPOT.y + 0.5],
    ['CRUMB', CRUMB.x + 0.5, CRUMB.y + 0.5],
  ]);
  expect(regions(real[1])).toEqual([['HOLE', 200.5, 60.5]]);
  expect(images.filter(({ origin }: Json) => origin === 'SYNTHETIC')).toHaveLength(6);
});

test('a photograph is as it was uploaded, and carries no mark of being synthetic; a sample does', async () => {
  const { entries, manifest } = await archiveOf({ format: 'MVTEC_AD', ...MIX });
  const photograph = named(entries, `COOKIE/test/BURN/photograph_${ofNewPair.donor.id}.png`);
  expect(Buffer.from(await pixels(photograph, 'srgb')).equals(await pixels(await spotted(), 'srgb'))).toBe(true);
  const isMarked = (file: Buffer): boolean => file.includes('digitalsourcetype') && file.includes('c2pa');
  expect(isMarked(photograph)).toBe(false);
  const [sample] = manifest.samples;
  expect(sample.origin).toBe('SYNTHETIC');
  expect(isMarked(named(entries, sample.files.image))).toBe(true);
  const mask = named(entries, `FABRIC/ground_truth/HOLE/photograph_${hole.id}_mask.png`);
  expect(new Set(await pixels(mask, 'b-w'))).toEqual(new Set([0, 255]));
  // The good photograph that samples were laid onto is a real one, too.
  expect(manifest.normals).toMatchObject([
    { kind: 'PHOTOGRAPH', origin: 'REAL', referenceId: ofNewPair.photograph.id },
  ]);
});

test('YOLO: numbers of the list of the tenant, photographs for training, and names that two exports agree on', async () => {
  const { entries } = await archiveOf({ format: 'YOLO_SEGMENTATION', heldOutFraction: 0.5, ...MIX });
  const classes = [...textIn(entries, 'data.yaml').matchAll(/"(.*)"/g)].map(([, code]) => code);
  const numbersIn = (name: string) =>
    textIn(entries, name)
      .trim()
      .split('\n')
      .map((line) => classes[Number(line.split(' ')[0])]);
  expect(numbersIn(`labels/train/photograph_${ofNewPair.donor.id}.txt`)).toEqual(['BURN', 'CRUMB']);
  expect(numbersIn(`labels/train/photograph_${hole.id}.txt`)).toEqual(['HOLE']);
  const again = await archiveOf({ format: 'YOLO_SEGMENTATION', heldOutFraction: 0.5, splitSeed: 9, ...MIX });
  const names = (of: ZipEntry[]) => of.map(({ name }) => name.split('/').at(-1)).sort();
  expect(names(again.entries)).toEqual(names(entries));
});

test("another tenant's photographs are in no archive of mine, and mine in none of theirs", async () => {
  const ids = JSON.stringify((await archiveOf({ format: 'COCO', photographs: BOTH })).manifest);
  expect(ids).toContain(hole.id);
  expect(ids).not.toContain(theirs.id);
  const wish = { partNumber: 'FABRIC', defectCode: 'STAIN', seed: 3, reference: { anyOfProduct: true } };
  const input = [{ ...wish, defectReference: { anyOfPair: true } }];
  const { generateDefects } = await server.data(GENERATE, { input }, OTHER);
  const [{ id }] = generateDefects;
  await until(async () => (await fetchGeneration(server, id, OTHER)).status === 'SUCCEEDED');
  const ofOthers = { format: 'COCO', photographs: { ofOtherProducts: true } };
  expect(await server.error(EXPORT, { input: ofOthers }, OTHER)).toMatchObject({
    message: expect.stringMatching(/^input.photographs: no defective photograph matches/),
    extensions: { code: 'BAD_USER_INPUT', field: 'input.photographs' },
  });
});

test('without being asked for, photographs of defects are in no archive', async () => {
  const { manifest, made } = await archiveOf({ format: 'COCO', photographs: { own: false } });
  expect([manifest.photographs, made.photographCount]).toEqual([[], 0]);
  expect(made.options.photographs).toEqual({ own: false, ofOtherProducts: false });
});
