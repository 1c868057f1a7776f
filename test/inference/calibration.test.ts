/** The batch that pays, found by timing a model whose clock is the test's own; and remembered, by a real device worker. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';

import { budgetOf, measureStepCurve } from '../../src/inference/device/batch/calibration.js';
import type { Model } from '../../src/inference/device/model/model.js';
import type { DeviceInfo, Manifest, EngineOptions } from '../../src/inference/index.js';
import { openEngine } from '../../src/inference/index.js';

const modelsDirectory = fileURLToPath(new URL('./models', import.meta.url));

const manifest = {
  latent: { channels: 1, height: 2, width: 2 },
  schedule: { numTrainTimesteps: 1000 },
  prompts: {
    background: '{product}',
    defect: '{defect}',
    fusion: '{defect} {product}',
    normal: 'good',
    nullProduct: 'industry',
  },
  vocabulary: { products: ['tile'], defects: ['crack'], trainedPairs: [] },
} as unknown as Manifest;

describe('of a device whose step takes', () => {
  let clock = 0;
  beforeEach(() => {
    clock = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => clock);
  });
  afterEach(() => jest.restoreAllMocks());

  /** @param stepMs by the number of samples. */
  function modelWhose(stepMs: (samples: number) => number): { model: Model; tried: number[] } {
    const tried: number[] = [];
    const model = {
      manifest,
      embed: () => Promise.resolve(new Float32Array(8)),
      denoise: ({ latents, rowBackground }: Parameters<Model['denoise']>[0]) => {
        expect(rowBackground).toHaveLength(3 * latents.length);
        tried.push(latents.length);
        clock += stepMs(latents.length);
        return Promise.resolve([]);
      },
    };
    return { model: model as unknown as Model, tried };
  }

  test('as long for each sample, one at a time pays, and little is tried', async () => {
    const { model, tried } = modelWhose((samples) => 50 * samples);
    const curve = await measureStepCurve(model, 2000);
    expect(budgetOf(curve)).toEqual({ rows: 3, quickRows: 3 });
    expect(Math.max(...tried)).toBe(2);
    expect(curve).toEqual([
      { samples: 1, seconds: 0.05 },
      { samples: 2, seconds: 0.1 },
    ]);
  });

  test('as long for 32 as for one, 32 pay', async () => {
    const { model } = modelWhose((samples) => 10 * Math.max(1, samples / 32));
    expect(budgetOf(await measureStepCurve(model, 2000)).rows).toBe(3 * 32);
  });

  test('hardly less per sample in a larger batch, the smaller one pays', async () => {
    const { model } = modelWhose((samples) => 10 + 90 * samples);
    // 100 ms for one; 95 each for two, 92.5 each for four: within 5 % of the best are two.
    expect(budgetOf(await measureStepCurve(model, 60_000)).rows).toBe(3 * 2);
  });

  test('longer and longer for more in all, steps are quick with fewer than pay', async () => {
    // 50, 60, 80, 120, 200, 360 ms: the more the better, and four take less than twice as long as one.
    const { model } = modelWhose((samples) => 40 + 10 * samples);
    expect(budgetOf(await measureStepCurve(model, 60_000))).toEqual({ rows: 3 * 64, quickRows: 3 * 4 });
  });

  test('ten seconds, nothing larger is tried and it is drawn with one at a time', async () => {
    const { model, tried } = modelWhose((samples) => 10_000 * samples);
    expect(budgetOf(await measureStepCurve(model, 2000)).rows).toBe(3);
    expect(tried).toEqual([1, 1]);
  });

  test('long at first, because it compiles, the first run does not count', async () => {
    let runs = 0;
    const { model } = modelWhose(() => (runs++ % 4 === 0 ? 200 : 10));
    expect((await measureStepCurve(model, 20_000)).every(({ seconds }) => seconds === 0.01)).toBe(true);
  });

  test('longer to be loaded and compiled than there is for measuring, the batch that pays is found all the same', async () => {
    let last = 0;
    const { model } = modelWhose((samples) => {
      const preparing = samples === last ? 0 : last === 0 ? 5000 : 900;
      last = samples;
      return preparing + 10 * Math.max(1, samples / 32);
    });
    const curve = await measureStepCurve(model, 2000);
    expect(budgetOf(curve).rows).toBe(3 * 32);
    expect(curve[0]).toEqual({ samples: 1, seconds: 0.01 });
    expect(clock).toBeLessThan(32_000);
  });

  test('for ever to be prepared for each size, it ends', async () => {
    let last = 0;
    const { model } = modelWhose((samples) => {
      const preparing = samples === last ? 0 : 20_000;
      last = samples;
      return preparing + 10;
    });
    await measureStepCurve(model, 2000);
    expect(clock).toBeLessThan(60_000);
  });

  test('more memory than there is from 8 samples on, 4 is the most', async () => {
    const { model } = modelWhose((samples) => {
      if (samples >= 8) throw new Error('CUDA failure 2: out of memory');
      return 10;
    });
    expect(budgetOf(await measureStepCurve(model, 2000)).rows).toBe(3 * 4);
  });

  test('more memory than there is, a sample is tried alone', async () => {
    const { model } = modelWhose(() => {
      throw new Error('out of memory');
    });
    const curve = await measureStepCurve(model, 2000);
    expect(curve).toEqual([]);
    expect(budgetOf(curve)).toEqual({ rows: 3, quickRows: 3 });
  });
});

describe('a device', () => {
  const directory = mkdtempSync(join(tmpdir(), 'defectdiffu-calibration-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function infoWith(options: Partial<EngineOptions>): Promise<DeviceInfo | undefined> {
    const engine = await openEngine({ modelsDirectory, calibrationDirectory: directory, ...options });
    const [info] = engine.devices();
    await engine.close();
    return info;
  }

  const files = (): string[] => readdirSync(directory).map((name) => join(directory, name));

  test('measures at its first start, and knows at the next; what it remembers of another runtime, or cannot read, it measures again', async () => {
    const first = await infoWith({});
    const [capacity] = first?.capacities ?? [];
    expect(capacity).toMatchObject({ bundle: 'tiny@1.0.0' });
    expect(capacity?.curve[0]).toMatchObject({ samples: 1 });
    expect(capacity).toMatchObject(budgetOf(capacity?.curve ?? []));
    const [file = ''] = files();
    expect(files()).toHaveLength(1);

    const kept = JSON.parse(readFileSync(file, 'utf8')) as { key: { runtime: string }; curve: object[] };
    const curve = [
      { samples: 1, seconds: 1 },
      { samples: 2, seconds: 1 },
      { samples: 4, seconds: 3 },
    ];
    writeFileSync(file, JSON.stringify({ ...kept, curve }));
    expect((await infoWith({}))?.capacities).toEqual([{ bundle: 'tiny@1.0.0', rows: 6, quickRows: 6, curve }]);

    for (const content of [
      JSON.stringify({ key: { ...kept.key, runtime: 'another' }, curve }),
      '{',
      '{"curve":[{}]}',
    ]) {
      writeFileSync(file, content);
      expect((await infoWith({}))?.capacities[0]?.curve).not.toEqual(curve);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ key: kept.key });
    }
  });

  test('that is told how many rows to take measures nothing', async () => {
    const before = files().map((file) => readFileSync(file, 'utf8'));
    expect((await infoWith({ maximumRows: 5 }))?.capacities).toEqual([
      { bundle: 'tiny@1.0.0', rows: 5, quickRows: 5, curve: [] },
    ]);
    expect(files().map((file) => readFileSync(file, 'utf8'))).toEqual(before);
  });

  test('that has nowhere to remember is opened all the same', async () => {
    const [file = ''] = files();
    expect((await infoWith({ calibrationDirectory: join(file, 'below') }))?.state).toBe('READY');
  });
});
