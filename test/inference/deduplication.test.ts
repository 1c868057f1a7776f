/** Identical samples in flight are generated once. With a real device worker and the default bundle. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requestKey } from '../../src/inference/requestKey.js';
import type { Engine, GenerateOptions, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { CanceledError, openEngine } from '../../src/inference/index.js';
import { DEFAULT_BUNDLE, goldenPhotographs } from '../support/defaultBundle.js';
import { generateAll } from './generateAll.js';

const modelsDirectory = fileURLToPath(new URL('../../models', import.meta.url));
const photograph = join(goldenPhotographs, 'photograph.png');
const STEPS = 12;

let engine: Engine;
let request: SampleRequest;
const made: { samples: number; rows: number }[] = [];
beforeAll(async () => {
  // One sample at a time, so that the order of the results is the order in which they were drawn.
  engine = await openEngine({ modelsDirectory, maximumRows: 3, onStep: (step) => made.push(step) });
  const { id, manifest } = engine.bundles.find(({ id }) => id === DEFAULT_BUNDLE) as Engine['bundles'][number];
  const [product = '', defect = ''] = manifest.vocabulary.trainedPairs[0] ?? [];
  const { defaults } = manifest;
  request = {
    ...defaults,
    id: 'one',
    bundle: id,
    product,
    defect,
    seed: 3,
    steps: STEPS,
    maskMode: 'AVERAGE_FEATURES',
  };
});
afterAll(() => engine.close());

/** The number of sample steps during the action. The steps of a sample that was canceled before it are not counted. */
async function stepsOf(what: () => Promise<unknown>): Promise<number> {
  await reportsOfAllSteps();
  made.length = 0;
  await what();
  await reportsOfAllSteps();
  return made.filter(({ rows }) => rows > 1).reduce((sum, { samples }) => sum + samples, 0);
}

/** Steps are reported in order, and later than the end of their sample. So this draws a sample of a single row, and awaits its steps. */
async function reportsOfAllSteps(): Promise<void> {
  const steps = 2;
  const ofSingleRow = (): number => made.filter(({ rows }) => rows === 1).length;
  const reported = ofSingleRow() + steps;
  await draw({ id: 'last', defect: 'good', guidance: 'PRODUCT_RELATIVE', steps, seed: 999 });
  while (ofSingleRow() < reported) await new Promise((resolve) => setTimeout(resolve, 5));
}

function draw(
  changes: Partial<SampleRequest>,
  options: GenerateOptions = {},
  signal?: AbortSignal,
): Promise<SampleResult> {
  return engine.generate({ ...request, ...changes }, { ...options, signal });
}

describe('two identical samples', () => {
  test('are generated once, and each has its own ID', async () => {
    const results: SampleResult[] = [];
    const steps = await stepsOf(async () => {
      results.push(
        ...(await Promise.all([
          draw({ id: 'one', fairnessKey: 'tenant a' }),
          draw({ id: 'two', fairnessKey: 'tenant b', twin: false, inpainting: null }),
        ])),
      );
    });
    expect(steps).toBe(STEPS);
    const [one, two] = results;
    expect(one?.id).toBe('one');
    expect(two).toEqual({ ...one, id: 'two' });
  });

  test('that are requested together are generated once', async () => {
    const ids: string[] = [];
    const requests = ['a', 'b', 'c', 'd'].map((id) => ({ ...request, id }));
    expect(await stepsOf(() => generateAll(engine, requests, { onSample: ({ id }) => ids.push(id) }))).toBe(STEPS);
    expect(ids.sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are generated twice if the first is finished before the second is requested: nothing is cached', async () => {
    expect(
      await stepsOf(async () => {
        await draw({ id: 'one' });
        await draw({ id: 'two' });
      }),
    ).toBe(2 * STEPS);
  });

  test('each report the start once and the progress, even if the second comes late', async () => {
    const told: string[] = [];
    const optionsOf = (id: string): GenerateOptions => ({
      onStarted: () => told.push(`${id} started`),
      onProgress: (step, steps) => told.push(`${id} ${String(step)}/${String(steps)}`),
    });
    let second: Promise<SampleResult> | undefined;
    await draw(
      { id: 'one' },
      {
        onStarted: () => told.push('one started'),
        onProgress: (step, steps) => {
          told.push(`one ${String(step)}/${String(steps)}`);
          second ??= draw({ id: 'two' }, optionsOf('two'));
        },
      },
    );
    expect((await second)?.id).toBe('two');
    for (const id of ['one', 'two']) {
      expect(told.filter((line) => line === `${id} started`)).toHaveLength(1);
      expect(told).toContain(`${id} ${String(STEPS)}/${String(STEPS)}`);
    }
  });
});

describe('cancellation', () => {
  test('of one leaves the other, which is not restarted', async () => {
    const abort = new AbortController();
    const heard: string[] = [];
    let kept: Promise<SampleResult> | undefined;
    const steps = await stepsOf(async () => {
      const first = draw(
        { id: 'one' },
        {
          onProgress: () => {
            if (abort.signal.aborted) heard.push('progress after the cancel');
            kept ??= draw({ id: 'two' });
            abort.abort();
          },
        },
        abort.signal,
      );
      await expect(first).rejects.toBeInstanceOf(CanceledError);
      expect((await kept)?.id).toBe('two');
    });
    expect(steps).toBe(STEPS);
    expect(heard).toEqual([]);
  });

  test('of both stops the sample, and a new request generates it again', async () => {
    const abort = new AbortController();
    const draws = ['one', 'two'].map((id) =>
      draw({ id, steps: 900 }, { onProgress: () => abort.abort() }, abort.signal),
    );
    for (const canceled of draws) await expect(canceled).rejects.toBeInstanceOf(CanceledError);
    const again = new AbortController();
    const steps = draw({ id: 'one', steps: 900 }, { onProgress: () => again.abort() }, again.signal);
    await expect(steps).rejects.toBeInstanceOf(CanceledError);
  });
});

test('a failure rejects all subscribers', async () => {
  const absent = {
    image: '/nowhere',
    region: { kind: 'CHOSEN', allowed: null },
    existingMask: null,
    denoisingStrength: 1,
  } as const;
  const [one, two] = await Promise.allSettled(['one', 'two'].map((id) => draw({ id, inpainting: absent })));
  expect(one).toMatchObject({ status: 'rejected', reason: { message: 'the photograph cannot be read' } });
  expect(two).toMatchObject({ status: 'rejected', reason: { message: 'the photograph cannot be read' } });
});

describe('with different priorities', () => {
  let order: string[];
  beforeEach(() => (order = []));
  const noted = async (id: string, changes: Partial<SampleRequest>, onProgress?: () => void): Promise<void> => {
    await draw({ id, ...changes }, { onProgress });
    order.push(id);
  };

  test('the sample has the highest priority, unless it has started', async () => {
    const steps = await stepsOf(() =>
      Promise.all([
        noted('ahead', { seed: 20 }),
        noted('between', { seed: 21, priority: 1 }),
        noted('waiting', { seed: 22 }),
        noted('hurried', { seed: 22, priority: 2 }),
      ]),
    );
    expect(steps).toBe(3 * STEPS);
    expect(order.indexOf('hurried')).toBeLessThan(order.indexOf('between'));
    expect(order.indexOf('waiting')).toBeLessThan(order.indexOf('between'));
  });

  test('an urgent sample does not wait for one that has started and is preempted', async () => {
    const later: Promise<void>[] = [];
    await noted('slow', { steps: 20 }, () => {
      if (later.length > 0) return;
      later.push(noted('between', { seed: 21, priority: 1 }), noted('hurried', { steps: 20, priority: 2 }));
    });
    await Promise.all(later);
    expect(order).toEqual(['hurried', 'between', 'slow']);
  });
});

describe('the request key', () => {
  const onPhotograph = (image: string | Uint8Array): Partial<SampleRequest> => ({
    inpainting: { image, region: { kind: 'MASK', mask: { polygons: [] } }, existingMask: null, denoisingStrength: 0.5 },
  });
  const isSame = (a: Partial<SampleRequest>, b: Partial<SampleRequest>): boolean => {
    return requestKey({ ...request, ...a }) === requestKey({ ...request, ...b });
  };

  test.each<[string, Partial<SampleRequest>]>([
    ['bundle', { bundle: 'other@1.0.0' }],
    ['product', { product: 'other' }],
    ['defect', { defect: 'other' }],
    ['seed', { seed: 4 }],
    ['strength', { strength: 1.25 }],
    ['product scale', { productScale: 1.25 }],
    ['steps', { steps: 13 }],
    ['sampler', { sampler: 'DDPM' }],
    ['guidance', { guidance: 'PRODUCT_RELATIVE' }],
    ['mask mode', { maskMode: 'AVERAGE_PIXELS' }],
    ['twin', { twin: true }],
    ['photograph', onPhotograph(photograph)],
  ])('depends on the %s', (_, changes) => {
    expect(isSame({}, changes)).toBe(false);
  });

  test('does not depend on the caller, the fairness key, and the priority', () => {
    expect(isSame({}, { id: 'other', fairnessKey: 'other', priority: 3 })).toBe(true);
    expect(isSame({}, { twin: false, inpainting: null })).toBe(true);
  });

  test('depends on the content or the path of an image, and on all inpainting options', () => {
    const bytes = readFileSync(photograph);
    const other = Uint8Array.from(bytes, (value, i) => (i === bytes.length - 1 ? value ^ 1 : value));
    expect(isSame(onPhotograph(bytes), onPhotograph(Uint8Array.from(bytes)))).toBe(true);
    expect(isSame(onPhotograph(bytes), onPhotograph(other))).toBe(false);
    expect(isSame(onPhotograph(bytes), onPhotograph(photograph))).toBe(false);
    expect(isSame(onPhotograph(photograph), onPhotograph(`${photograph}2`))).toBe(false);
    const { inpainting: asked } = onPhotograph(photograph);
    if (asked == null) throw new Error('no photograph');
    expect(isSame({ inpainting: asked }, { inpainting: { ...asked, denoisingStrength: 0.6 } })).toBe(false);
    expect(isSame({ inpainting: asked }, { inpainting: { ...asked, existingMask: photograph } })).toBe(false);
    expect(isSame({ inpainting: asked }, { inpainting: { ...asked, region: { kind: 'SHAPE', allowed: null } } })).toBe(
      false,
    );
  });
});
