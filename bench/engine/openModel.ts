/** A bundle's model as a device worker opens it, in this process. */
import { resolve } from 'node:path';

import type * as Loading from '../../src/inference/bundle/load.ts';
import type { Precision } from '../../src/inference/bundle/manifest.ts';
import type * as Opening from '../../src/inference/device/model/model.ts';
import type { BucketPolicy } from '../../src/inference/device/model/shapeBuckets.ts';
import type * as Sessions from '../../src/inference/device/model/sessions.ts';
import { importBuilt } from '../importBuilt.ts';

const { loadBundle } = await importBuilt<typeof Loading>('inference/bundle/load.js');
const { openModel } = await importBuilt<typeof Opening>('inference/device/model/model.js');
const { executionOptions } = await importBuilt<typeof Sessions>('inference/device/model/sessions.js');

/** @param sizes in place of those of the device. */
export async function openBundle(
  directory: string,
  precision: Precision,
  device = 'cpu',
  buckets?: BucketPolicy | null,
): Promise<Opening.Model> {
  const options = executionOptions(device, precision);
  const bundle = await loadBundle(resolve(directory, 'bundle.json'));
  return openModel(bundle, buckets === undefined ? options : { ...options, buckets });
}

export const sessionOptions = executionOptions('cpu', null).session;

/** The least milliseconds of a few runs: what else the machine does can only add to it. */
export async function fastestMs(run: () => Promise<unknown>, runs = 3): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const began = performance.now();
    await run();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}
