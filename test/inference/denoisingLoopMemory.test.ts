/** How the denoising loop continues when the memory of the device runs out: with a model that records its inputs. */
import { delivered, stage } from './denoisingLoopStage.js';

describe('when memory runs out', () => {
  /** As onnxruntime says it. */
  const outOfMemory = (): never => {
    throw new Error('BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1073741824');
  };

  test('the step is repeated in halves, nothing is lost, and the budget stays reduced', async () => {
    const { evaluations, told, draw, settled } = stage(24, (_, { latents }) => {
      if (latents.length > 2) outOfMemory();
    });
    const keys = Array.from({ length: 8 }, (_, i) => i);
    for (const key of keys) draw(key);
    await settled(...keys);
    expect(delivered(told)).toHaveLength(8);
    expect(told.filter(({ kind }) => kind === 'limitsReduced')).toEqual([
      { kind: 'limitsReduced', bundle: 'fake@1.0.0', rows: 12 },
      { kind: 'limitsReduced', bundle: 'fake@1.0.0', rows: 6 },
    ]);
    const sizes = evaluations.map(({ latents }) => latents.length);
    // Of the first step: 8, and in halves 4, 2, 2, and 4, 2, 2; then the rest.
    expect(sizes).toEqual([8, 4, 2, 2, 4, 2, 2, ...Array(12).fill(2)]);
    const made = evaluations.filter(({ latents }) => latents.length <= 2).flatMap(({ timesteps }) => timesteps);
    expect([999, 666, 333, 0].map((t) => made.filter((each) => each === t).length)).toEqual([8, 8, 8, 8]);
  });

  test('for a single sample, that sample fails with the reason, and others are generated', async () => {
    const { told, draw, settled } = stage(6, (_, { rowBackground }) => {
      if (rowBackground.length > 2) outOfMemory();
    });
    draw(1);
    draw(2, { guidance: 'PRODUCT_RELATIVE' });
    await settled(1, 2);
    expect(told).toContainEqual({
      kind: 'failed',
      key: 1,
      message: expect.stringContaining(
        'not enough memory on this device for a single sample of fake@1.0.0 (3 rows)',
      ) as string,
    });
    expect(delivered(told)).toEqual([2]);
  });

  test('in the decoder, fewer images are decoded at a time', async () => {
    const { decodings, told, draw, settled } = stage(6, undefined, (pictures) => {
      if (pictures > 2) outOfMemory();
    });
    draw(1);
    draw(2);
    await settled(1, 2);
    draw(3, { twin: true });
    await settled(3);
    expect(delivered(told).sort()).toEqual([1, 2, 3]);
    expect(decodings).toEqual([4, 2, 2, 2, 1]);
    expect(told).toContainEqual({ kind: 'limitsReduced', bundle: 'fake@1.0.0', images: 2 });
  });
});
