/**
 * The sampler TURBO on a bundle with a student (inference/student/, made by inference/golden/make_student_bundle.py): in the engine, beside
 * its teacher, and in the API. inference/parity.test.ts compares what it draws with Python.
 */
import { join } from 'node:path';

import type { DeviceStep, SampleRequest, SampleResult } from '../src/inference/index.js';
import { loadBundles, openEngine } from '../src/inference/index.js';
import { costOf } from '../src/inference/sampleCost.js';
import { validateRequest } from '../src/inference/validateRequest.js';
import { generateAll } from './inference/generateAll.js';
import { pixelsOf, psnr } from './inference/images.js';
import { eventsOf, generate } from './support/generations.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

const MODELS_DIR = join(process.cwd(), 'test/inference/student/models');

const student: SampleRequest = {
  id: 'student',
  bundle: 'student@1.0.0',
  product: 'tin',
  defect: 'dent',
  seed: 5,
  strength: 1.5,
  productScale: 1,
  steps: 4,
  sampler: 'TURBO',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
};

const others: readonly SampleRequest[] = [
  { ...student, id: 'of the teacher', sampler: 'DPM_SOLVER_PP', steps: 6 },
  { ...student, id: 'stronger', strength: 2.5 },
  { ...student, id: 'relative', guidance: 'PRODUCT_RELATIVE' },
  { ...student, id: 'in two steps', steps: 2 },
  { ...student, id: 'with its twin', seed: 6, twin: true },
];

describe('in an engine', () => {
  const draw = async (requests: readonly SampleRequest[], maximumRows: number, steps: DeviceStep[] = []) => {
    const engine = await openEngine({ modelsDirectory: MODELS_DIR, maximumRows, onStep: (step) => steps.push(step) });
    const results = new Map<string, SampleResult>();
    await generateAll(engine, requests, { onSample: (result) => void results.set(result.id, result) }).finally(() =>
      engine.close(),
    );
    return results;
  };

  test('samples of student and teacher share evaluations, and each is what it is alone', async () => {
    const steps: DeviceStep[] = [];
    const requests = [student, ...others];
    const together = await draw(requests, 24, steps);
    const alone = await draw(requests, 1);
    for (const { id } of requests) {
      const [a, b] = [alone.get(id), together.get(id)];
      // Not bit for bit: kernels of some processors sum in an order that depends on the number of rows.
      expect(psnr((await pixelsOf(a?.image)).data, (await pixelsOf(b?.image)).data)).toBeGreaterThan(60);
      expect(b?.mask).toEqual(a?.mask);
    }
    expect(Math.max(...steps.map(({ samples }) => samples))).toBeGreaterThan(2);
    const images = requests.map(({ id }) => Buffer.from(together.get(id)?.image ?? []).toString('base64'));
    expect(new Set(images).size).toBe(requests.length);
  });
});

describe('a request', () => {
  test('costs one row a step, where the teacher takes three', async () => {
    const [bundle] = await loadBundles(MODELS_DIR);
    if (bundle === undefined) throw new Error('no bundle');
    expect(costOf(student, bundle.manifest)).toEqual({ rows: 1, rowSteps: 4 });
    expect(costOf({ ...student, sampler: 'DPM_SOLVER_PP' }, bundle.manifest)).toEqual({ rows: 3, rowSteps: 12 });
  });

  test.each([
    [{ steps: 5 }, 'steps must be 2, 4, 8 for TURBO, got 5'],
    [{ strength: 3.5 }, 'strength must be from 0 to 3 for TURBO, got 3.5'],
    [{ productScale: 0.2 }, 'productScale must be from 0.5 to 2 for TURBO, got 0.2'],
  ])('with %p is refused', async (change, message) => {
    const [bundle] = await loadBundles(MODELS_DIR);
    if (bundle === undefined) throw new Error('no bundle');
    expect(() => validateRequest({ ...student, ...change }, bundle)).toThrow(message);
  });

  test('for TURBO needs a bundle with a student', async () => {
    const bundles = await loadBundles(join(process.cwd(), 'test/inference/models'));
    const tiny = bundles.find(({ id }) => id === 'tiny@1.0.0');
    if (tiny === undefined) throw new Error('no bundle');
    const request = { ...student, bundle: 'tiny@1.0.0', product: 'tile', defect: 'crack' };
    expect(() => validateRequest(request, tiny)).toThrow('sampler TURBO needs a student, which tiny@1.0.0 does not');
  });
});

describe('through the API', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ MODELS_DIR });
  });
  const wish = { partNumber: 'TIN', defectCode: 'DENT', sampler: 'TURBO', seed: 1 };

  test('a model says what its student can do', async () => {
    const { models } = await server.data(
      '{ models { turbo { steps strength { min max } productScale { min max } } } }',
    );
    expect(models).toEqual([
      { turbo: { steps: [2, 4, 8], strength: { min: 0, max: 3 }, productScale: { min: 0.5, max: 2 } } },
    ]);
  });

  test('a sample is drawn in four steps unless the request says otherwise', async () => {
    const { id, request } = await generate(server, wish);
    expect(request).toMatchObject({ sampler: 'TURBO', steps: 4 });
    expect((await eventsOf(server, id)).at(-1).type).toBe('GenerationSucceeded');
  });

  test('on its normal twin as well', async () => {
    const { id } = await generate(server, { ...wish, reference: { twin: true } });
    expect((await eventsOf(server, id)).at(-1).type).toBe('GenerationSucceeded');
  });

  test.each([
    [{ steps: 3 }, 'input[0].steps: must be 2, 4, 8 for TURBO, is 3'],
    [{ steps: 20 }, 'input[0].steps: 20 is out of range 2 … 8'],
    [{ strength: { value: 4 } }, 'input[0].strength: 4 is out of range 0 … 3'],
  ])('%p is refused', async (change, message) => {
    const mutation = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';
    expect((await server.error(mutation, { input: [{ ...wish, ...change }] })).message).toBe(message);
  });
});
