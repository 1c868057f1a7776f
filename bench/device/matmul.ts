/** The rate of a large product in the same runtime and precision: products in a row on the device, with a number going in and one coming out. */
import * as ort from 'onnxruntime-node';

import type * as Sessions from '../../src/inference/device/model/sessions.ts';
import { importBuilt } from '../importBuilt.ts';
import { fastestMs } from '../engine/openModel.ts';
import { options, report } from './options.ts';
import { matmulChain } from './matmulGraph.ts';

const { executionOptions } = await importBuilt<typeof Sessions>('inference/device/model/sessions.js');
const SIZES = { cpu: [1024, 4], cuda: [8192, 16], webgpu: [4096, 8] } as const;

export async function measureMatmul(): Promise<void> {
  const { provider, session: sessionOptions } = executionOptions(options.device, null);
  const [usualSize, count] = SIZES[provider];
  const size = options.size ?? usualSize;
  const precision = options.precision === 'fp16' ? 'fp16' : 'fp32';
  const session = await ort.InferenceSession.create(matmulChain(size, count, precision), sessionOptions);
  const feeds = { scale: new ort.Tensor('float32', [1], [1]) };
  const { sum } = await session.run(feeds);
  if (!Number.isFinite(sum?.data[0])) throw new Error(`the product's sum is ${String(sum?.data[0])}`);
  const seconds = (await fastestMs(() => session.run(feeds), 4)) / 1000;
  report({ size, count, precision, seconds, gflopsPerSecond: (count * 2 * size ** 3) / 1e9 / seconds });
  await session.release();
}
