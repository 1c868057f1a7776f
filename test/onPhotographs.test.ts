/**
 * Defects on a customer's own photographs with the default bundle: from the upload to the stored sample and its scores.
 */
import { GENERATE, bytesAt, drawnAt } from './support/generations.js';
import type { Json } from './support/server.js';
import { statementsIn } from './support/statements.js';
import {
  POLYGON,
  WISH,
  changes,
  drawn,
  maskOf,
  pixels,
  reference,
  refused,
  server,
  startPhotographStage,
} from './support/photographStage.js';

beforeAll(startPhotographStage);

test('a stain is drawn in a polygon of the photograph, and outside it nothing changes', async () => {
  const generation = await drawn({ reference: { id: reference.id }, region: POLYGON, strength: { value: 2 } });
  expect(generation).toMatchObject({
    status: 'SUCCEEDED',
    coverage: 'TRAINED',
    request: { denoisingStrength: 0.8, freedom: 0.8, guidance: 'PRODUCT_RELATIVE' },
  });
  const [sample] = generation.samples;
  expect(sample).toMatchObject({
    image: { width: 256, height: 256 },
    region: { width: 256 },
    twin: null,
    reference: { id: reference.id },
  });
  const { outside, inside } = await changes(sample, sample.region.url);
  expect(outside).toBe(0);
  expect(inside).toBeGreaterThan(50);
  expect(sample.scores.visibility).toBeGreaterThanOrEqual(generation.request.quality.minimumVisibility);
  expect(sample.scores.agreement).toBeGreaterThanOrEqual(0.5);
  expect(sample.scores.filling).toBeGreaterThan(0.01);
  expect(sample.scores.filling).toBeLessThan(1);
  expect(sample.scores.direction).toBeGreaterThan(0);
});

test("the region may be an uploaded mask, and any of the product's photographs may be taken", async () => {
  const mask = await maskOf(256, 256, (x, y) => (x - 90) ** 2 + (y - 90) ** 2 < 60 ** 2);
  const { samples } = await drawn({
    reference: { anyOfProduct: true },
    region: { maskId: mask.id },
    strength: { value: 2 },
  });
  expect(await changes(samples[0], mask.image.url)).toMatchObject({ outside: 0, inside: expect.any(Number) });
  const { samples: chosen } = await drawn({
    reference: { anyOfProduct: true },
    region: { place: 'CHOSEN' },
    allowedArea: { maskId: mask.id },
    strength: { value: 2.5 },
  });
  expect((await changes(chosen[0], mask.image.url)).outside).toBe(0);
});

test('a sweep draws each seed at every strength: one photograph, one place, a defect that grows', async () => {
  const sweep = [0.5, 1.5, 3];
  const generation = await drawn({ reference: { id: reference.id }, count: 2, strength: { sweep }, region: POLYGON });
  expect(generation.request).toMatchObject({ count: 2, sweep, quality: null });
  const { samples } = generation;
  expect(samples.map(({ strength }: Json) => strength)).toEqual([...sweep, ...sweep]);
  expect(samples.map(({ seed }: Json) => seed)).toEqual([40, 40, 40, 41, 41, 41]);
  expect(samples[2].scores.visibility).toBeGreaterThan(samples[0].scores.visibility);
});

test('a sample that does not show is drawn again with another seed, and the rejected ones are counted', async () => {
  const quality = { minimumVisibility: 30, minimumAgreement: 0.6, maximumDraws: 6 };
  const generation = await drawn({ reference: { id: reference.id }, count: 4, quality, strength: { value: 1.5 } });
  const attempts = generation.samples.map(({ draws }: Json) => draws);
  for (const { scores, seed, index, draws } of generation.samples) {
    expect(scores.visibility).toBeGreaterThanOrEqual(30);
    expect(seed).toBe(40 + index + 4 * (draws - 1));
  }
  const missing = 4 - attempts.length;
  expect(generation.rejectedSamples).toBe(attempts.reduce((sum: number, n: number) => sum + n - 1, 0) + 6 * missing);
  expect(generation.rejectedSamples).toBeGreaterThan(0);
  expect(generation.status).toBe(missing === 0 ? 'SUCCEEDED' : 'FAILED');
});

test('samples from noise without a twin are held to the confidence alone, and found by it', async () => {
  const wish = { partNumber: 'ASPHALT', defectCode: 'CRACK', count: 6, steps: 8, strength: { value: 1 } };
  const sure = (await drawn(wish)).samples.map(({ confidence }: Json) => confidence);
  const middle = [...sure].sort((a, b) => a - b)[3];
  const quality = { minimumConfidence: middle, maximumDraws: 3 };
  const generation = await drawn({ ...wish, quality });
  expect(generation.request.quality).toEqual({
    ...quality,
    maximumAttempts: 3,
    minimumVisibility: 0,
    minimumAgreement: 0,
  });
  expect(generation.rejectedSamples).toBeGreaterThanOrEqual(3);
  for (const { confidence, scores } of generation.samples) {
    expect(confidence).toBeGreaterThanOrEqual(middle);
    expect(scores).toBeNull();
  }
  // Samples that were kept at the first draw are the same pictures as without a policy.
  const atOnce = generation.samples.filter(({ draws }: Json) => draws === 1);
  expect(atOnce.map(({ confidence }: Json) => confidence)).toEqual(sure.filter((value: number) => value >= middle));
  const query = `query ($filter: SampleFilter) { samples(first: 100, filter: $filter) { edges { node { confidence } } } }`;
  const found = await server.data(query, { filter: { partNumber: 'ASPHALT', confidence: { max: middle } } });
  expect(found.samples.edges.length).toBeGreaterThanOrEqual(4);
  for (const { node } of found.samples.edges) expect(node.confidence).toBeLessThanOrEqual(middle);
});

test('a generation whose masks are not sure enough says so', async () => {
  const quality = { minimumConfidence: 1, maximumDraws: 1 };
  const { error } = await drawn({ quality, steps: 4 });
  expect(error).toEqual({
    code: 'QUALITY_NOT_REACHED',
    message:
      '1 of 1 samples did not reach confidence 1 in 1 draws each; ask for a higher strength, or lower the bounds',
  });
});

test('at strength 0 there is nothing to see, and no sample is rejected for it', async () => {
  const generation = await drawn({ reference: { id: reference.id }, count: 2, steps: 4, strength: { min: 0, max: 3 }, quality: { maximumDraws: 8 } }); // prettier-ignore
  expect(generation.samples[0]).toMatchObject({ strength: 0, draws: 1, attempt: 1, areaFraction: 0 });
  expect(await changes(generation.samples[0], generation.samples[0].region.url)).toEqual({ outside: 0, inside: 0 });
});

test('a generation that cannot reach its count ends as such, says why, and keeps what is good', async () => {
  const quality = { minimumVisibility: 255, maximumDraws: 2 };
  const generation = await drawn({ reference: { id: reference.id }, count: 2, steps: 4, quality });
  expect(generation).toMatchObject({ status: 'FAILED', rejectedSamples: 4, samples: [] });
  expect(generation.error.code).toBe('QUALITY_NOT_REACHED');
  expect(generation.error.message).toContain('2 of 2 samples did not reach visibility 255');
});

test('twenty requests with photographs, masks and samples are looked up with as many statements as one', async () => {
  const mask = await maskOf(256, 256, (x) => x < 120);
  const [sample] = (await drawn({ reference: { id: reference.id }, region: POLYGON, strength: { value: 2.5 } }))
    .samples;
  const wishes = [
    { reference: { id: reference.id }, region: { maskId: mask.id } },
    { reference: { sampleId: sample.id }, allowedArea: { maskId: mask.id } },
    { reference: { anyOfProduct: true } },
  ];
  // The last item is refused, and so are all: only the look-ups are counted.
  const ask = async (count: number): Promise<number> => {
    const input = Array.from({ length: count }, () => wishes.map((wish) => ({ ...WISH, ...wish }))).flat();
    const refusedLast = [...input, { ...WISH, freedom: 2, reference: { id: reference.id } }];
    const statements = await statementsIn(server, () => server.error(GENERATE, { input: refusedLast }));
    return statements.length;
  };
  const [one, twenty] = [await ask(1), await ask(20)];
  expect(one).toBeGreaterThan(5);
  expect(twenty).toBe(one);
});

test('a second defect goes onto the picture of the first, and the mask marks both', async () => {
  const square = (x: number) => ({ polygons: [[{ x, y: 80 }, { x: x + 70, y: 80 }, { x: x + 70, y: 150 }, { x, y: 150 }]] }); // prettier-ignore
  const strength = { value: 2.5 };
  const [first] = (await drawn({ reference: { id: reference.id }, region: square(20), strength })).samples;
  const [second] = (await drawn({ reference: { sampleId: first.id }, region: square(160), strength })).samples;
  expect(second).toMatchObject({ base: { id: first.id }, reference: { id: reference.id } });
  const [before, after] = [await bytesAt(first.mask.url), await bytesAt(second.mask.url)];
  const [old, both] = [await pixels(before, 'b-w'), await pixels(after, 'b-w')];
  old.forEach((value, i) => (value === 255 ? expect(both[i]).toBe(255) : undefined));
  expect(second.areaFraction).toBeGreaterThan(first.areaFraction);
});

test('samples are found by their scores and their photograph', async () => {
  await drawn({ reference: { id: reference.id }, strength: { value: 2.5 }, region: POLYGON });
  const find = async (filter: object): Promise<Json[]> => {
    const query = `query ($filter: SampleFilter) { samples(first: 100, filter: $filter) { edges { node { scores { visibility } } } } }`;
    return (await server.data(query, { filter })).samples.edges.map(({ node }: Json) => node.scores.visibility);
  };
  const all = await find({ referenceId: reference.id });
  const some = await find({ referenceId: reference.id, visibility: { min: 20 } });
  expect(some.length).toBeGreaterThan(0);
  expect(some).toEqual(all.filter((visibility) => visibility >= 20));
  expect(await find({ referenceId: '00000000-0000-7000-8000-000000000000' })).toEqual([]);
});

test('a sample from noise comes with its normal twin when it is asked for', async () => {
  const { samples } = await drawn({ twin: true, strength: { value: 2 } });
  expect(samples[0]).toMatchObject({ reference: null, region: null, twin: { url: expect.any(String) } });
  expect(samples[0].scores).toMatchObject({ visibility: expect.any(Number), direction: null });
});

describe('on its own normal twin', () => {
  const onTwin = { reference: { twin: true }, strength: { value: 2 } };

  test('nothing but the defect differs from the twin, which is stored beside it', async () => {
    const generation = await drawn({ ...onTwin, count: 3 });
    expect(generation).toMatchObject({
      status: 'SUCCEEDED',
      request: {
        onTwin: true,
        twin: false,
        freedom: 0.8,
        guidance: 'PRODUCT_RELATIVE',
        quality: { maximumDraws: 4 },
      },
    });
    expect(generation.samples).toHaveLength(3);
    for (const { image, mask, twin, region, reference: photograph, base } of generation.samples) {
      expect([photograph, base, region.width]).toEqual([null, null, 128]);
      const before = await bytesAt(twin.url);
      expect(await changes({ image }, region.url, before)).toMatchObject({ outside: 0 });
      const { inside, outside } = await changes({ image }, mask.url, before);
      expect(inside).toBeGreaterThan(0);
      expect(outside).toBeLessThan(128 * 128 - 4 * inside); // a soft edge, not a picture drawn anew
    }
  });

  test('a sweep draws one twin at every strength', async () => {
    const { samples } = await drawn({ reference: { twin: true }, strength: { sweep: [0, 1, 3] } });
    const [none, ...some] = await Promise.all(samples.map(({ twin }: Json) => drawnAt(twin.url)));
    for (const twin of some) expect(twin).toEqual(none);
    expect(await drawnAt(samples[0].image.url)).toEqual(none);
    expect(samples[2].scores.visibility).toBeGreaterThan(samples[0].scores.visibility);
  });

  test('a region is given in its pixels', async () => {
    const square = [{ x: 20, y: 20 }, { x: 90, y: 20 }, { x: 90, y: 90 }, { x: 20, y: 90 }]; // prettier-ignore
    const { samples } = await drawn({ ...onTwin, region: { polygons: [square] } });
    const free = await pixels(await bytesAt(samples[0].region.url), 'b-w');
    expect(free.filter((value) => value > 0)).toHaveLength(70 * 70);
    const outside = square.map(({ x, y }) => ({ x: 2 * x, y }));
    expect((await refused({ ...onTwin, region: { polygons: [outside] } })).message).toMatch(
      /x: 180 is out of range 0 … 128/,
    );
  });

  test('it is one reference: not beside another, and not beside a twin', async () => {
    expect((await refused({ reference: { twin: true, id: reference.id } })).message).toMatch(
      /Exactly one key must be specified for OneOf type "ReferenceInput"/,
    );
    expect((await refused({ reference: { twin: false } })).message).toMatch(/reference: give one of id, /);
    expect((await refused({ ...onTwin, twin: true })).message).toMatch(/twin: with a reference/);
    expect((await refused({ ...onTwin, sampler: 'DDPM' })).message).toMatch(
      /sampler: must be DPM_SOLVER_PP, DDIM or TURBO/,
    );
  });
});
