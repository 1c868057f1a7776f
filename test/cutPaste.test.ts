/** Patches of photographs of good parts, pasted onto others (CutPaste), for a product without any defective photograph. */
import sharp from 'sharp';
import { donorOf } from './support/donors.js';
import { bytesAt, drawnAt } from './support/generations.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { changes, drawn, fabric, pixels, reference, refused, server, spotless, startPhotographStage } from './support/photographStage.js'; // prettier-ignore
import type { Json } from './support/server.js';
import { send } from './support/uploads.js';
import { entriesIn, textIn } from './support/zip.js';

const SIDE = 256;
let second: Json;
let defective: Json;
beforeAll(async () => {
  await startPhotographStage();
  second = await send(server, await spotless(), { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  defective = await donorOf('FABRIC', 'STAIN');
});

const pasted = (cutPaste: object = {}, wish: object = {}): Promise<Json> =>
  drawn({ reference: { id: reference.id }, defectReference: { cutPaste }, steps: undefined, ...wish });

/** The smallest rectangle around the white pixels, and whether it is filled. */
async function rectangleOf(url: string) {
  const mask = await pixels(await bytesAt(url), 'b-w');
  const white = [...mask].flatMap((value, i) => (value > 0 ? [{ x: i % SIDE, y: Math.floor(i / SIDE) }] : []));
  const span = (of: (point: { x: number; y: number }) => number): number => {
    const values = white.map(of);
    return Math.max(...values) - Math.min(...values) + 1;
  };
  const [width, height] = [span(({ x }) => x), span(({ y }) => y)];
  return { width, height, area: white.length, isFilled: white.length === width * height };
}

test('a patch is a rectangle of 1 to 10 % of the window; inside it the photograph changes, outside it nothing does', async () => {
  const { status, samples } = await pasted({ window: 128 }, { count: 12 });
  expect(status).toBe('SUCCEEDED');
  const areas: number[] = [];
  for (const sample of samples) {
    const { isFilled, area } = await rectangleOf(sample.mask.url);
    expect(isFilled).toBe(true);
    areas.push(area);
    const changed = await changes(sample, sample.mask.url);
    expect(changed.outside).toBe(0);
    expect(changed.inside).toBeGreaterThan(area / 2);
    expect(sample).toMatchObject({ confidence: null, transplant: { harmonized: false, turn: 0, scale: 1 } });
  }
  expect(Math.min(...areas)).toBeGreaterThan(0.008 * 128 ** 2);
  expect(Math.max(...areas)).toBeLessThanOrEqual(0.1 * 128 ** 2);
  expect(new Set(areas).size).toBeGreaterThan(6);
});

test('without a window, it is the shorter side of the photograph', async () => {
  const areas = (await pasted({}, { count: 8 })).samples.map(({ areaFraction }: Json) => areaFraction);
  expect(Math.min(...areas)).toBeGreaterThan(0.008);
  expect(Math.max(...areas)).toBeGreaterThan(0.02);
  expect(Math.max(...areas)).toBeLessThanOrEqual(0.1);
});

test('the donors are the photographs of good parts in turn, and each sample names its own', async () => {
  const { samples, request } = await pasted({}, { count: 4 });
  const donors = samples.map(({ defectReference }: Json) => defectReference.id);
  expect(new Set(donors)).toEqual(new Set([reference.id, second.id]));
  expect(request).toMatchObject({ variation: null, harmonize: 0 });
  const only = await pasted({ ids: [second.id] }, { count: 2 });
  expect(only.samples.map(({ defectReference }: Json) => defectReference.id)).toEqual([second.id, second.id]);
});

test('the same request gives the same picture; the strength is the opacity, and 0 leaves the photograph as it is', async () => {
  const [once] = (await pasted({}, { seed: 5 })).samples;
  const [again] = (await pasted({}, { seed: 5 })).samples;
  expect(await drawnAt(again.image.url)).toEqual(await drawnAt(once.image.url));
  const [half] = (await pasted({}, { seed: 5, strength: { value: 0.5 } })).samples;
  expect(half.scores.visibility).toBeLessThan(0.7 * once.scores.visibility);
  expect(await drawnAt(half.mask.url)).toEqual(await drawnAt(once.mask.url));
  const [none] = (await pasted({}, { seed: 5, strength: { value: 0 } })).samples;
  expect(none.areaFraction).toBe(0);
  expect(await pixels(await bytesAt(none.image.url), 'srgb')).toEqual(await pixels(fabric, 'srgb'));
});

test('the middle of a patch lies in the allowed area', async () => {
  const allowedArea = { polygons: [[{ x: 0, y: 0 }, { x: 128, y: 0 }, { x: 128, y: 256 }, { x: 0, y: 256 }]] }; // prettier-ignore
  const { samples } = await pasted({ window: 64 }, { count: 6, allowedArea });
  for (const { boundingBoxes } of samples) {
    const [{ x, width }] = boundingBoxes;
    expect(x + width / 2).toBeLessThanOrEqual(130);
  }
});

test('an export says that no model drew them, and where each patch comes from', async () => {
  const { id } = await pasted({}, { count: 2 });
  const { archive } = await exportEnded(
    server,
    (await exportDataset(server, { format: 'COCO', filter: { generationId: id } })).id,
  );
  const manifest = JSON.parse(textIn(entriesIn(await bytesAt(archive.url)), 'manifest.json'));
  expect(manifest.models).toEqual([]);
  for (const sample of manifest.samples)
    expect(sample).toMatchObject({ donorPartNumber: 'FABRIC', transplant: { turn: 0, scale: 1 } });
});

describe('refused are', () => {
  test.each<[string, () => Promise<{ message: string }>, string]>([
    [
      'a window below the bound',
      () => wrong({ window: 8 }),
      'input[0].defectReference.cutPaste.window: 8 is out of range 16 … 16384',
    ],
    ['no ids', () => wrong({ ids: [] }), 'input[0].defectReference.cutPaste.ids: must have 1 … 1000 ids, has 0'],
    [
      'an id that is not there',
      () => wrong({ ids: ['x'] }),
      'input[0].defectReference.cutPaste.ids[0]: there is no reference "x"',
    ],
    [
      'a defective photograph',
      () => wrong({ ids: [defective.id] }),
      'cutPaste.ids[0]: shows a defect; cut patches out of photographs of good parts',
    ],
    [
      'a variation',
      () => wrong({}, { variation: { turn: 10 } }),
      'input[0].variation: is for defects; a patch is pasted as it was cut out',
    ],
    [
      'harmonizing',
      () => wrong({}, { harmonize: 0.3 }),
      'input[0].harmonize: is for defects; a patch keeps its border',
    ],
    ['noise', () => wrong({}, { reference: null }), 'input[0].defectReference: needs a reference'],
  ])('%s', async (_, refusal, message) => {
    expect((await refusal()).message).toContain(message);
  });

  const wrong = (cutPaste: object, wish: object = {}) =>
    refused({ reference: { id: reference.id }, defectReference: { cutPaste }, steps: undefined, ...wish });
});

test('a patch of a photograph that is smaller than the window is cut out of all of it', async () => {
  const small = await send(server, await sharp(fabric).resize(64).png().toBuffer(), {
    purpose: 'REFERENCE',
    partNumber: 'FABRIC',
  });
  const { status, samples } = await pasted({ ids: [small.id], window: 4096 }, { count: 3 });
  expect(status).toBe('SUCCEEDED');
  for (const { areaFraction } of samples) expect(areaFraction).toBeLessThanOrEqual((0.1 * 64 ** 2) / SIDE ** 2);
});
