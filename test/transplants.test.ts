/** Transplanted defects: from the upload of a defective photograph to the stored sample. */
import { readFileSync } from 'node:fs';
import { bytesAt, drawnAt } from './support/generations.js';
import sharp from 'sharp';
import { SPOT, donorOf, spotted } from './support/donors.js';
import {
  changes,
  drawn,
  fabric,
  maskOf,
  pixels,
  reference,
  server,
  startPhotographStage,
} from './support/photographStage.js';
import { exportDataset, exportEnded } from './support/exports.js';
import type { Json } from './support/server.js';
import { send } from './support/uploads.js';
import { entriesIn, textIn } from './support/zip.js';

/** A pair that no bundle knows. */
const NEW = { partNumber: 'COOKIE', defectCode: 'BURN', steps: undefined };
let ofNewPair: { donor: Json; photograph: Json };

beforeAll(async () => {
  await startPhotographStage();
  const input = { products: [{ partNumber: 'COOKIE', name: 'cookie' }], defects: [{ code: 'BURN', name: 'burn' }] };
  await server.data(
    'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { created } } }',
    {
      input,
    },
  );
  const photograph = await send(server, fabric, { purpose: 'REFERENCE', partNumber: 'COOKIE' });
  ofNewPair = { photograph, donor: await donorOf('COOKIE', 'BURN') };
});

const transplanted = (wish: object = {}): Promise<Json> =>
  drawn({
    ...NEW,
    reference: { id: ofNewPair.photograph.id },
    defectReference: { id: ofNewPair.donor.id },
    ...wish,
  });

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

describe('from other products', () => {
  let others: Json[];
  beforeAll(async () => {
    others = [await donorOf('PCB', 'BURN'), await donorOf('STEEL_STRIP', 'BURN', { x: 90, y: 90, radius: 12 })];
    await donorOf('PCB', 'SHORT');
  });

  test('those with the same defect come in turn, and the label is that of the request', async () => {
    const { samples } = await transplanted({ count: 4, defectReference: { ofOtherProducts: true } });
    const ids = new Set(samples.map(({ defectReference }: Json) => defectReference.id));
    expect(ids).toEqual(new Set(others.map(({ id }) => id)));
    for (const sample of samples) expect((await changes(sample, sample.mask.url)).inside).toBeGreaterThan(200);
  });

  test('one can be named, also with another defect, and is resized with its photograph', async () => {
    const small = await send(server, await sharp(fabric).resize(128).png().toBuffer(), {
      purpose: 'REFERENCE',
      partNumber: 'ASPHALT',
    });
    const still = { turn: 0, scale: { min: 1, max: 1 }, bend: 0, contrast: 0 };
    const areaOn = async (wish: object): Promise<number> => (await transplanted({ ...wish, variation: still })).samples[0].areaFraction; // prettier-ignore
    const whole = await areaOn({ defectReference: { id: others[0]?.id } });
    const onSmall = await areaOn({
      partNumber: 'ASPHALT',
      defectCode: 'CRACK',
      reference: { id: small.id },
      defectReference: { id: others[0]?.id },
    });
    expect(onSmall / whole).toBeCloseTo(1, 0.8);
  });
});

test('laid anywhere, places do not depend on the surroundings, and the variation is wider by default', async () => {
  const generation = await transplanted({ count: 6, variation: { place: 'ANYWHERE' } });
  expect(generation.request.variation).toMatchObject({ place: 'ANYWHERE', turn: 45, mirrors: true });
  const turns = generation.samples.map(({ transplant }: Json) => Math.abs(transplant.turn));
  expect(Math.max(...turns)).toBeGreaterThan(45);
});

describe('harmonized by the model', () => {
  const known = { partNumber: 'FABRIC', defectCode: 'STAIN' };
  let donor: Json;
  beforeAll(async () => {
    donor = await donorOf('FABRIC', 'STAIN');
  });
  const harmonized = (wish: object) =>
    transplanted({ ...known, reference: { id: reference.id }, defectReference: { id: donor.id }, ...wish });

  test('the region changes once more, and outside it nothing does', async () => {
    const [blended] = (await harmonized({})).samples;
    const generation = await harmonized({ harmonize: 0.3, steps: 20 });
    expect(generation).toMatchObject({ coverage: 'TRAINED', request: { harmonize: 0.3, steps: 20 } });
    const [sample] = generation.samples;
    expect(sample.transplant).toEqual({ ...blended.transplant, harmonized: true, notHarmonizedReason: null });
    expect((await changes(sample, sample.region.url)).outside).toBe(0);
    expect(await drawnAt(sample.mask.url)).toEqual(await drawnAt(blended.mask.url));
    expect((await changes(sample, sample.mask.url, await bytesAt(blended.image.url))).inside).toBeGreaterThan(100);
  });

  test('not where the model does not know the pair: the sample is blended and says why', async () => {
    const generation = await transplanted({ harmonize: 0.3 });
    expect(generation.status).toBe('SUCCEEDED');
    expect(generation.samples[0].transplant).toMatchObject({
      harmonized: false,
      notHarmonizedReason: 'UNSUPPORTED_PAIR',
    });
  });
});

test('an export says where the defect comes from, adds the good photograph, and needs no licence of a model', async () => {
  const [sample] = (await transplanted({ seed: 90 })).samples;
  const { id } = await exportDataset(server, {
    format: 'MVTEC_AD',
    filter: { defectReferenceId: ofNewPair.donor.id },
    heldOutFraction: 0,
  });
  const { archive, sampleCount } = await exportEnded(server, id);
  const entries = entriesIn(await bytesAt(archive.url));
  const manifest = JSON.parse(textIn(entries, 'manifest.json'));
  expect(manifest.samples).toHaveLength(sampleCount);
  expect(manifest.samples.find((each: Json) => each.id === sample.id)).toMatchObject({
    defectReferenceId: ofNewPair.donor.id,
    donorPartNumber: 'COOKIE',
    transplant: { notHarmonized: 'NOT_REQUESTED', scale: sample.transplant.scale },
    confidence: null,
  });
  expect(manifest.models).toEqual([]);
  expect(manifest.normals.map(({ referenceId }: Json) => referenceId)).toEqual([ofNewPair.photograph.id]);
});

test('a photograph is a donor of several defects, and a good one, at the same time', async () => {
  const bytes = await spotted();
  const good = await send(server, bytes, { purpose: 'REFERENCE', partNumber: 'COOKIE' });
  expect(good.id).not.toBe(ofNewPair.donor.id);
  expect(await donorOf('COOKIE', 'BURN')).toMatchObject({ id: ofNewPair.donor.id });
  expect((await donorOf('COOKIE', 'STAIN')).id).not.toBe(ofNewPair.donor.id);
  await server.data('mutation ($id: ID!) { archiveReference(id: $id) { id } }', { id: good.id });
});
