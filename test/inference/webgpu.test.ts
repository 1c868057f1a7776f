/**
 * The engine on WebGPU draws what it draws on the CPU, within the tolerance that two runtimes have (parity.test.ts). On software
 * Vulkan a step of the default bundle takes seconds: hence few steps of that, and only where WEBGPU_TESTS=all (`npm run
 * nightly`); the gate draws with a bundle of a few kilobytes.
 */
import { fileURLToPath } from 'node:url';

import type { Engine, SampleRequest, SampleResult, DeviceStep } from '../../src/inference/index.js';
import { openEngine } from '../../src/inference/index.js';
import { DEFAULT_BUNDLE, goldenPhotographs } from '../support/defaultBundle.js';
import { overlap, pixelsOf, psnr } from './images.js';
import { whyNoWebGpu } from './vulkan.js';
import { generateAll } from './generateAll.js';

const reason = whyNoWebGpu();
const onWebGpu = reason === null ? describe : describe.skip;
const inNightly = process.env['WEBGPU_TESTS'] === 'all' ? test : test.skip;
const named = (name: string): string => (reason === null ? name : `${name} (not run: ${reason})`);
const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function requestsOf(engine: Engine, changes: readonly Partial<SampleRequest>[]): SampleRequest[] {
  const { bundles } = engine;
  const { id, manifest } = (bundles.find((one) => one.id === DEFAULT_BUNDLE) ??
    bundles[0]) as Engine['bundles'][number];
  const [product = '', defect = ''] = manifest.vocabulary.trainedPairs[0] ?? [];
  const { defaults } = manifest;
  return changes.map((own, i) => ({
    ...defaults,
    id: String(i),
    bundle: id,
    product,
    defect,
    seed: 5 + i,
    maskMode: 'AVERAGE_FEATURES',
    ...own,
  }));
}

async function drawnOn(
  devices: readonly string[],
  modelsDirectory: string,
  changes: readonly Partial<SampleRequest>[],
  onStep: (figure: DeviceStep) => void = () => undefined,
): Promise<SampleResult[]> {
  const engine = await openEngine({ modelsDirectory, devices, maximumRows: 6, onStep });
  try {
    expect(engine.devices()).toEqual(
      devices.map((device) => expect.objectContaining({ device, provider: device, state: 'READY' }) as unknown),
    );
    const results: SampleResult[] = [];
    await generateAll(engine, requestsOf(engine, changes), { onSample: (result) => results.push(result) });
    return results.sort((a, b) => Number(a.id) - Number(b.id));
  } finally {
    await engine.close();
  }
}

async function expectTheSame(modelsDirectory: string, changes: readonly Partial<SampleRequest>[]): Promise<void> {
  const onCpu = await drawnOn(['cpu'], modelsDirectory, changes);
  await expectSame(await drawnOn(['webgpu'], modelsDirectory, changes), onCpu);
}

async function expectSame(ours: readonly SampleResult[], theirs: readonly SampleResult[]): Promise<void> {
  expect(ours.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
  for (const [i, own] of ours.entries()) {
    const other = theirs[i];
    for (const picture of ['image', 'twin'] as const) {
      if (own[picture] === null) continue;
      expect(
        psnr((await pixelsOf(own[picture])).data, (await pixelsOf(other?.[picture] ?? undefined)).data),
      ).toBeGreaterThanOrEqual(40);
    }
    expect(overlap((await pixelsOf(own.mask)).data, (await pixelsOf(other?.mask)).data)).toBeGreaterThanOrEqual(0.98);
  }
}

onWebGpu(named('the same picture as on the CPU'), () => {
  test('with every sampler, guidance and mask mode, of a small bundle', async () => {
    await expectTheSame(
      folder('./models'),
      (['DDPM', 'DDIM', 'DPM_SOLVER_PP'] as const).flatMap((sampler) =>
        (['DOUBLE_FREE', 'PRODUCT_RELATIVE'] as const).flatMap((guidance) =>
          (['AVERAGE_FEATURES', 'AVERAGE_PIXELS'] as const).map((maskMode) => ({
            sampler,
            guidance,
            maskMode,
            steps: 6,
          })),
        ),
      ),
    );
  });

  inNightly('with a twin, of the default bundle', async () => {
    await expectTheSame(folder('../../models'), [{ steps: 3, twin: true, strength: 2 }]);
  });

  inNightly('on a photograph, of the default bundle', async () => {
    await expectTheSame(folder('../../models'), [
      {
        steps: 4,
        inpainting: {
          image: `${goldenPhotographs}/photograph.png`,
          region: { kind: 'CHOSEN', allowed: null },
          existingMask: null,
          denoisingStrength: 0.5,
        },
      },
    ]);
  });
});

onWebGpu(named('beside the CPU'), () => {
  inNightly('each draws as much as its speed allows, and the pictures are the same', async () => {
    const changes = Array.from({ length: 6 }, () => ({ steps: 6 }));
    const alone = await drawnOn(['cpu'], folder('../../models'), changes);
    const made = new Map<string, { rows: number; seconds: number }>();
    const together = await drawnOn(['webgpu', 'cpu'], folder('../../models'), changes, ({ device, rows, seconds }) => {
      const own = made.get(device) ?? { rows: 0, seconds: 0 };
      made.set(device, { rows: own.rows + rows, seconds: own.seconds + seconds });
    });
    await expectSame(together, alone);
    // Which of them is the faster one is the machine's affair. A sample of 6 steps and 3 rows may go either way.
    const [faster, slower] = [...made.values()].sort((a, b) => a.seconds / a.rows - b.seconds / b.rows);
    expect(faster?.rows).toBeGreaterThanOrEqual((slower?.rows ?? 0) - 18);
    expect((faster?.rows ?? 0) + (slower?.rows ?? 0)).toBeGreaterThan(5 * 18);
  });
});
