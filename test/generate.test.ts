import sharp from 'sharp';
import {
  GENERATE,
  QUICK,
  bytesAt,
  drawnAt,
  fetchGeneration,
  finished,
  generate,
  samplesIn,
} from './support/generations.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

test('a request becomes a generation, and the generation as many samples as were asked for', async () => {
  const accepted = await generate(server, { ...QUICK, count: 3, seed: 11 });
  expect(accepted).toMatchObject({
    status: 'QUEUED',
    coverage: 'TRAINED',
    product: { partNumber: 'TILE' },
    defect: { code: 'CRACK' },
    request: { count: 3, seed: 11, steps: 2, model: 'tiny@1.0.0', sampler: 'DPM_SOLVER_PP', guidance: 'DOUBLE_FREE' },
    progress: { samplesDone: 0, samplesTotal: 3, fraction: 0 },
  });
  const done = await finished(server, accepted.id);
  expect(done).toMatchObject({
    status: 'SUCCEEDED',
    error: null,
    progress: { samplesDone: 3, stepsDone: 6, fraction: 1 },
  });
  expect(samplesIn(done).map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(new Date(done.finishedAt) >= new Date(done.startedAt)).toBe(true);
});

test('image, mask and overlay are PNG files of the stated size, and the mask is black and white', async () => {
  const [sample] = samplesIn(await finished(server, (await generate(server, QUICK)).id));
  for (const kind of ['image', 'mask', 'overlay']) {
    const artifact = sample[kind];
    const bytes = await bytesAt(artifact.url);
    const { format, width, height, channels } = await sharp(bytes).metadata();
    expect({ format, width, height }).toEqual({ format: 'png', width: artifact.width, height: artifact.height });
    expect(bytes.length).toBe(artifact.bytes);
    expect(artifact.contentType).toBe('image/png');
    expect(channels).toBe(kind === 'mask' ? 1 : 3);
  }
  const mask = await sharp(await bytesAt(sample.mask.url))
    .raw()
    .toBuffer();
  expect([...new Set(mask)].filter((value) => value !== 0 && value !== 255)).toEqual([]);
  expect(sample.areaFraction).toBeCloseTo(mask.filter((value) => value === 255).length / mask.length, 6);
});

test('strengths are spread evenly from min to max, and seeds count up and wrap', async () => {
  const { id } = await generate(server, { ...QUICK, count: 5, strength: { min: 1, max: 3 }, seed: 2 ** 31 - 2 });
  const samples = samplesIn(await finished(server, id));
  expect(samples.map(({ strength }) => strength)).toEqual([1, 1.5, 2, 2.5, 3]);
  expect(samples.map(({ seed }) => seed)).toEqual([2 ** 31 - 2, 2 ** 31 - 1, 0, 1, 2]);
});

test('the same request gives the same picture, and another seed another', async () => {
  const pictures = [];
  for (const seed of [7, 7, 8]) {
    const { id } = await generate(server, { ...QUICK, seed });
    const [sample] = samplesIn(await finished(server, id));
    pictures.push((await drawnAt(sample.image.url)).toString('base64'));
  }
  expect(pictures[1]).toBe(pictures[0]);
  expect(pictures[2]).not.toBe(pictures[0]);
});

test('a seed that is left out is drawn at random and told', async () => {
  const seeds = [];
  for (let i = 0; i < 3; i += 1) seeds.push((await generate(server, QUICK)).request.seed);
  expect(new Set(seeds).size).toBe(3);
});

test('a list comes back in its order, and all of it is drawn', async () => {
  const input = [
    { ...QUICK, steps: 1 },
    { ...QUICK, partNumber: 'METAL_NUT', defectCode: 'SCRATCH', steps: 3 },
    { ...QUICK, partNumber: 'METAL_NUT', steps: 2 },
  ];
  const { generateDefects } = await server.data(GENERATE, { input });
  expect(generateDefects.map(({ request }: { request: { steps: number } }) => request.steps)).toEqual([1, 3, 2]);
  expect(generateDefects.map(({ coverage }: { coverage: string }) => coverage)).toEqual([
    'TRAINED',
    'TRAINED',
    'ZERO_SHOT',
  ]);
  for (const { id } of generateDefects) expect((await finished(server, id)).status).toBe('SUCCEEDED');
});

test('one bad item turns the whole list away', async () => {
  const count = async () =>
    (await server.data('{ generations(first: 100) { edges { node { id } } } }')).generations.edges.length;
  const before = await count();
  const { message, extensions } = await server.error(GENERATE, {
    input: [QUICK, QUICK, { ...QUICK, strength: { value: 9 } }],
  });
  expect(message).toBe('input[2].strength: 9 is out of range 0 … 5');
  expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input[2].strength' });
  expect(await count()).toBe(before);
});

test('strength 0 draws the normal product, whose mask is empty', async () => {
  const { id } = await generate(server, { ...QUICK, strength: { value: 0 } });
  const [sample] = samplesIn(await finished(server, id));
  expect(sample).toMatchObject({ strength: 0, areaFraction: 0, boundingBoxes: [] });
});

test('a model can be named with or without its version', async () => {
  for (const model of ['tiny', 'tiny@1.0.0']) {
    expect((await generate(server, { ...QUICK, model })).request.model).toBe('tiny@1.0.0');
  }
});

test('a generation that is not there is null', async () => {
  expect(await fetchGeneration(server, '00000000-0000-7000-8000-000000000000')).toBeNull();
  expect(await fetchGeneration(server, 'no id at all')).toBeNull();
});

test('samples are found by product, defect, strength and generation', async () => {
  const { id } = await generate(server, {
    ...QUICK,
    partNumber: 'METAL_NUT',
    defectCode: 'SCRATCH',
    count: 3,
    strength: { min: 1, max: 2 },
  });
  await finished(server, id);
  const found = async (filter: object) => {
    const query =
      'query ($filter: SampleFilter) { samples(first: 100, filter: $filter) { edges { node { index generation { id } } } } }';
    const { samples } = await server.data(query, { filter });
    return samples.edges.map(({ node }: { node: { index: number; generation: { id: string } } }) => node);
  };
  expect(await found({ generationId: id, strength: { min: 1.5 } })).toEqual(
    [1, 2].map((index) => ({ index, generation: { id } })),
  );
  expect(await found({ generationId: id, partNumber: 'TILE' })).toEqual([]);
  expect(await found({ generationId: id, createdBefore: new Date(0).toISOString() })).toEqual([]);
  const scratches = await found({ partNumber: 'METAL_NUT', defectCode: 'SCRATCH' });
  expect(scratches).toEqual(expect.arrayContaining([{ index: 0, generation: { id } }]));
  const { product } = await server.data(
    '{ product(partNumber: "METAL_NUT") { samples(first: 1) { edges { node { generation { id } } } } } }',
  );
  expect(product.samples.edges).toEqual([{ node: { generation: { id } } }]);
});
