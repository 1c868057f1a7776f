/** Transplanted defects: from the upload of a defective photograph to the stored sample. */
import { readFileSync } from 'node:fs';
import { bytesAt, drawnAt } from './support/generations.js';
import sharp from 'sharp';
import { SPOT, donorOf } from './support/donors.js';
import { changes, fabric, maskOf, pixels, server } from './support/photographStage.js';
import { exportDataset, exportEnded } from './support/exports.js';
import type { Json } from './support/server.js';
import { ofNewPair, startTransplantStage, transplanted } from './support/transplantStage.js';
import { send } from './support/uploads.js';
import { entriesIn, textIn } from './support/zip.js';

beforeAll(startTransplantStage);

test('a defect is transplanted onto a product that no model knows, and the sample says so', async () => {
  const generation = await transplanted();
  expect(generation).toMatchObject({
    status: 'SUCCEEDED',
    coverage: 'UNSUPPORTED',
    request: { steps: 1, harmonize: 0, denoisingStrength: null, quality: null },
  });
  const [sample] = generation.samples;
  expect(sample).toMatchObject({
    strength: 1,
    confidence: null,
    allowedArea: { source: 'WHOLE_IMAGE', share: 1 },
    twin: null,
    reference: { id: ofNewPair.photograph.id },
    defectReference: { id: ofNewPair.donor.id },
    transplant: { harmonized: false, notHarmonizedReason: 'NOT_REQUESTED', mirrored: false },
    scores: { direction: null },
  });
  expect((await changes(sample, sample.region.url)).outside).toBe(0);
  const { inside } = await changes(sample, sample.mask.url);
  expect(inside).toBeGreaterThan(300);
  expect(sample.scores.visibility).toBeGreaterThan(30);
  expect(Math.abs(sample.transplant.turn)).toBeLessThanOrEqual(10);
});

test('the mask marks the defect: the photograph is darker there, and nowhere else', async () => {
  const [sample] = (await transplanted()).samples;
  const [before, after] = [await pixels(fabric, 'b-w'), await pixels(await bytesAt(sample.image.url), 'b-w')];
  const mask = await pixels(await bytesAt(sample.mask.url), 'b-w');
  const meanChange = (marked: number): number => {
    const chosen = [...mask.keys()].filter((i) => mask[i] === marked);
    return chosen.reduce((sum, i) => sum + (after[i] ?? 0) - (before[i] ?? 0), 0) / chosen.length;
  };
  expect(meanChange(255)).toBeLessThan(-30);
  expect(Math.abs(meanChange(0))).toBeLessThan(1);
  const area = Math.PI * SPOT.radius ** 2;
  expect(sample.areaFraction * 256 * 256).toBeGreaterThan(0.6 * area);
  expect(sample.areaFraction * 256 * 256).toBeLessThan(1.6 * area);
});

test('the same seed gives the same bytes, and each seed another variation', async () => {
  const [first, again] = [await transplanted({ count: 3 }), await transplanted({ count: 3 })];
  const bytesOf = ({ samples }: Json) => Promise.all(samples.map(({ image }: Json) => drawnAt(image.url)));
  expect(await bytesOf(again)).toEqual(await bytesOf(first));
  expect(new Set(first.samples.map(({ transplant }: Json) => transplant.scale)).size).toBe(3);
});

test('variation limits are kept', async () => {
  const variation = { turn: 0, scale: { min: 1, max: 1 }, bend: 0, contrast: 0, mirrors: true };
  const { samples } = await transplanted({ count: 6, variation });
  for (const { transplant } of samples)
    expect(transplant).toMatchObject({ turn: expect.any(Number), scale: 1, contrast: 1 });
  const turns = samples.map(({ transplant }: Json) => Math.abs(transplant.turn));
  expect(new Set(turns)).toEqual(new Set([0, 180]));
  expect(new Set(samples.map(({ transplant }: Json) => transplant.mirrored))).toEqual(new Set([true, false]));
});

test('strength is the opacity of the defect, and at 0 the photograph is unchanged and nothing is marked', async () => {
  const { samples, request } = await transplanted({ strength: { sweep: [0, 0.5, 1, 2] } });
  expect(request.quality).toBeNull();
  const [none, half, full, more] = samples.map(({ scores }: Json) => scores.visibility);
  expect(samples[0].areaFraction).toBe(0);
  expect((await changes(samples[0], samples[2].mask.url)).inside).toBe(0);
  expect([none, half]).toEqual([0, expect.closeTo(full / 2, -0.7)]);
  expect(more).toBeGreaterThan(full);
});

test("the pair's donors and the product's photographs of good parts are taken in turn", async () => {
  const second = await donorOf('COOKIE', 'BURN', { x: 60, y: 70, radius: 10 });
  const { samples } = await transplanted({
    count: 4,
    reference: { anyOfProduct: true },
    defectReference: { anyOfPair: true },
  });
  const donors = samples.map(({ defectReference }: Json) => defectReference.id);
  expect(donors).toEqual([...donors.slice(0, 2), ...donors.slice(0, 2)]);
  expect(new Set(donors)).toEqual(new Set([ofNewPair.donor.id, second.id]));
  for (const sample of samples) expect(sample.reference.id).toBe(ofNewPair.photograph.id);
  await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id: second.id });
});

test('the middle of the defect lies in the allowed area', async () => {
  const corner = await maskOf(256, 256, (x, y) => x > 180 && y < 80);
  const { samples } = await transplanted({ count: 4, allowedArea: { maskId: corner.id } });
  for (const {
    boundingBoxes: [box],
  } of samples) {
    // prettier-ignore
    expect(box.x + box.width / 2).toBeGreaterThan(178);
    expect(box.y + box.height / 2).toBeLessThan(82);
  }
});

test('on a photograph where the part stands out, the defect lies on the part, unless the request says where', async () => {
  const cookie = (place: string): Buffer => readFileSync(new URL(`../examples/cookie/data/cookie/${place}`, import.meta.url)); // prettier-ignore
  const mask = await send(server, cookie('ground_truth/broken/008_mask.png'), { purpose: 'MASK' });
  const own = { purpose: 'REFERENCE', partNumber: 'COOKIE' };
  const good = await send(server, cookie('train/good/002.jpg'), own);
  const donor = await send(server, cookie('test/broken/008.jpg'), { ...own, defectCode: 'BURN', maskId: mask.id });
  const wish = { reference: { id: good.id }, defectReference: { id: donor.id }, count: 3 };
  const part = await sharp(new URL('inference/golden/foregrounds/good-002.png', import.meta.url).pathname).toColourspace('b-w').raw().toBuffer(); // prettier-ignore
  for (const place of ['FITTING', 'ANYWHERE']) {
    for (const sample of (await transplanted({ ...wish, variation: { place } })).samples) {
      const { source, share } = sample.allowedArea;
      expect([source, share]).toEqual(['FOREGROUND', expect.closeTo(0.32, 1)]);
      const marked = [...(await pixels(await bytesAt(sample.mask.url), 'b-w')).entries()].filter(([, v]) => v === 255);
      expect(marked.filter(([i]) => part[i] === 255).length).toBeGreaterThan(0.94 * marked.length);
    }
  }
  const polygons = [[{ x: 120, y: 380 }, { x: 260, y: 380 }, { x: 260, y: 440 }, { x: 120, y: 440 }]]; // prettier-ignore
  const [sample] = (await transplanted({ ...wish, allowedArea: { polygons } })).samples;
  expect(sample.allowedArea).toEqual({ source: 'REQUEST', share: expect.closeTo(8400 / (384 * 512), 4) });
  expect(sample.boundingBoxes[0].y).toBeGreaterThan(300);
  for (const { id } of [good, donor])
    await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id });
});

test('an allowed area where the defect cannot lie ends the generation with the reason', async () => {
  const polygons = [[{ x: 0, y: 0 }, { x: 5, y: 0 }, { x: 5, y: 5 }, { x: 0, y: 5 }]]; // prettier-ignore
  const { status, error } = await transplanted({ allowedArea: { polygons } });
  expect([status, error]).toEqual([
    'FAILED',
    { code: 'INFERENCE_FAILED', message: 'allowedArea leaves the defect no place' },
  ]);
});

test('a second defect goes onto the image of a sample, and the mask marks both', async () => {
  const [first] = (await transplanted()).samples;
  const [second] = (await transplanted({ seed: 77, reference: { sampleId: first.id } })).samples;
  expect(second).toMatchObject({ base: { id: first.id }, reference: { id: ofNewPair.photograph.id } });
  expect(second.areaFraction).toBeGreaterThan(1.3 * first.areaFraction);
});

test('the defect of a sample is transplanted, and sample and request say so', async () => {
  const [first] = (await transplanted()).samples;
  const generation = await transplanted({ seed: 78, defectReference: { sampleId: first.id } });
  expect(generation.request.defectReference).toEqual({ ids: null, sampleId: first.id });
  const [second] = generation.samples;
  expect(second).toMatchObject({ donorSample: { id: first.id }, defectReference: null, base: null });
  expect((await changes(second, second.mask.url)).inside).toBeGreaterThan(300);
  expect((await changes(second, second.region.url)).outside).toBe(0);
  expect(second.areaFraction / first.areaFraction).toBeCloseTo(1, -0.3);
  const asked = { partNumber: 'PCB', defectCode: 'SHORT', defectReference: { sampleId: first.id } };
  const photograph = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'PCB' });
  const [other] = (await transplanted({ ...asked, reference: { id: photograph.id } })).samples;
  expect(other.donorSample).toEqual({ id: first.id });
  const { id } = await exportDataset(server, { format: 'MVTEC_AD', filter: { partNumber: 'PCB' }, heldOutFraction: 0 });
  const entries = entriesIn(await bytesAt((await exportEnded(server, id)).archive.url));
  const line = JSON.parse(textIn(entries, 'manifest.json')).samples.find((each: Json) => each.id === other.id);
  expect(line).toMatchObject({ donorSampleId: first.id, defectReferenceId: null, donorPartNumber: 'COOKIE' });
});
