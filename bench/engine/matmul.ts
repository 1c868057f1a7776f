/** Against the machine: floating-point operations a second of the denoiser, over those of a large product in the same runtime. */
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';

import type * as Calibrating from '../../src/inference/device/batch/calibration.ts';
import { importBuilt } from '../importBuilt.ts';
import type { Spread } from '../statistics.ts';
import { ratios, spread, formatSpread } from '../statistics.ts';
import { fastestMs, openBundle, sessionOptions } from './openModel.ts';
import type { Reference } from './reference.ts';

const { typicalEvaluations } = await importBuilt<typeof Calibrating>('inference/device/batch/calibration.js');
const SIZE = 2048;
const BATCHES = [1, 2, 4, 8, 16];

export interface Machine {
  /** GFLOP/s */
  readonly product: Spread;
  /** By batch: GFLOP/s, and the share of the product's. */
  readonly denoiser: Readonly<Record<string, { readonly rate: Spread; readonly share: Spread }>>;
  readonly said: Record<string, string>;
}

export async function matmul(reference: Reference, bundle: string, folder: string, rounds: number): Promise<Machine> {
  const path = join(folder, 'matmul.onnx');
  await reference.writeMatmul(path, SIZE);
  const session = await ort.InferenceSession.create(path, sessionOptions);
  const matrix = (): ort.Tensor =>
    new ort.Tensor('float32', Float32Array.from({ length: SIZE * SIZE }, Math.random), [SIZE, SIZE]);
  const feeds = { a: matrix(), b: matrix() };
  const model = await openBundle(bundle, 'fp32');
  const evaluationOf = typicalEvaluations(model);

  const product: number[] = [];
  const denoiser = new Map<number, number[]>(BATCHES.map((batch) => [batch, []]));
  for (let round = 0; round < rounds; round++) {
    product.push((2 * SIZE ** 3) / 1e6 / (await fastestMs(() => session.run(feeds))));
    for (const [batch, rates] of denoiser) {
      const evaluation = evaluationOf(batch);
      rates.push((batch * reference.flops) / 1e6 / (await fastestMs(() => model.denoise(evaluation))));
    }
  }
  await session.release();
  await model.close();

  console.log(`a product of ${String(SIZE)} × ${String(SIZE)}: ${formatSpread(spread(product), 0)} GFLOP/s`);
  const figures = [...denoiser].map(([batch, rates]) => {
    const [rate, share] = [spread(rates), ratios(rates, product)];
    console.log(
      `denoiser, fp32, ${String(batch)} samples: ${formatSpread(rate, 0)} GFLOP/s, ${formatSpread(share, 2)} of the product's`,
    );
    return [String(batch), { rate, share }] as const;
  });
  const [best] = [...figures].sort(([, a], [, b]) => b.share.median - a.share.median);
  return {
    product: spread(product),
    denoiser: Object.fromEntries(figures),
    said: {
      'denoiser over a large MatMul':
        best === undefined ? '' : `${formatSpread(best[1].share, 2)} with ${best[0]} samples`,
    },
  };
}
