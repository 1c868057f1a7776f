/** Identical samples in flight are drawn once. With a real device worker and the default bundle. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { requestKey } from '../../src/inference/requestKey.js';
import type { Engine, GenerateOptions, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { CanceledError, openEngine } from '../../src/inference/index.js';
import { goldenPhotographs } from '../support/defaultBundle.js';
import { generateAll } from './generateAll.js';

const modelsDirectory = fileURLToPath(new URL('../../models', import.meta.url));
const photograph = join(goldenPhotographs, 'photograph.png');
const STEPS = 12;

let pool: Engine;
let request: SampleRequest;
const made: { samples: number; rows: number }[] = [];
beforeAll(async () => {
  // One sample at a time, so that the order of the results is the order in which they were drawn.
  pool = await openEngine({ modelsDirectory, maximumRows: 3, onStep: (step) => made.push(step) });
  const { id, manifest } = pool.bundles[0] as Engine['bundles'][number];
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
afterAll(() => pool.close());

/** How many steps of samples were made meanwhile. A sample of a single row is drawn after them, whose steps are told last. */
async function stepsOf(what: () => Promise<unknown>): Promise<number> {
  made.length = 0;
  await what();
  await draw({ id: 'last', defect: 'good', guidance: 'PRODUCT_RELATIVE', steps: 2, seed: 999 });
  while (made.filter(({ rows }) => rows === 1).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  return made.filter(({ rows }) => rows > 1).reduce((sum, { samples }) => sum + samples, 0);
}

function draw(
  changes: Partial<SampleRequest>,
  options: GenerateOptions = {},
  signal?: AbortSignal,
): Promise<SampleResult> {
  return pool.generate({ ...request, ...changes }, { ...options, signal });
}

describe('two identical samples', () => {
  test('are drawn once, and each has its own id', async () => {
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

  test('of one draw are drawn once', async () => {
    const ids: string[] = [];
    const requests = ['a', 'b', 'c', 'd'].map((id) => ({ ...request, id }));
    expect(await stepsOf(() => generateAll(pool, requests, { onSample: ({ id }) => ids.push(id) }))).toBe(STEPS);
    expect(ids.sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are drawn twice when the one is done before the other is asked for: nothing is kept', async () => {
    expect(
      await stepsOf(async () => {
        await draw({ id: 'one' });
        await draw({ id: 'two' });
      }),
    ).toBe(2 * STEPS);
  });

  test('each hear of the start once and of progress, though the second comes late', async () => {
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

describe('a cancel', () => {
  test('of one leaves the other, which is not drawn anew', async () => {
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

  test('of both ends the drawing, and who asks again has it drawn', async () => {
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

test('a failure reaches all', async () => {
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

describe('of different priorities', () => {
  let order: string[];
  beforeEach(() => (order = []));
  const noted = async (id: string, changes: Partial<SampleRequest>, onProgress?: () => void): Promise<void> => {
    await draw({ id, ...changes }, { onProgress });
    order.push(id);
  };

  test('the sample goes by the highest, as long as it has not begun', async () => {
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

  test('a hurried one does not wait for one that has begun and is set aside for others', async () => {
    const later: Promise<void>[] = [];
    await noted('slow', { steps: 20 }, () => {
      if (later.length > 0) return;
      later.push(noted('between', { seed: 21, priority: 1 }), noted('hurried', { steps: 20, priority: 2 }));
    });
    await Promise.all(later);
    expect(order).toEqual(['hurried', 'between', 'slow']);
  });
});

describe('what tells samples apart', () => {
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
  ])('is the %s', (_, changes) => {
    expect(isSame({}, changes)).toBe(false);
  });

  test('is not who wants them, and how soon', () => {
    expect(isSame({}, { id: 'other', fairnessKey: 'other', priority: 3 })).toBe(true);
    expect(isSame({}, { twin: false, inpainting: null })).toBe(true);
  });

  test('of photographs is their content, or their path, and all that is asked of them', () => {
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
