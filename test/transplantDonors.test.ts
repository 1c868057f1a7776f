/** Transplanted defects: donors of other products, harmonizing, and exports. */
import { bytesAt, drawnAt } from './support/generations.js';
import sharp from 'sharp';
import { donorOf, spotted } from './support/donors.js';
import { changes, fabric, reference, server } from './support/photographStage.js';
import { exportDataset, exportEnded } from './support/exports.js';
import type { Json } from './support/server.js';
import { ofNewPair, startTransplantStage, transplanted } from './support/transplantStage.js';
import { send } from './support/uploads.js';
import { entriesIn, textIn } from './support/zip.js';

beforeAll(startTransplantStage);

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
