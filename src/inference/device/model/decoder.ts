/** Runs a graph that decodes latents: that of images, or that of masks. */
import type { InferenceSession } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';

import type { Manifest } from '../../bundle/manifest.js';
import type { BucketPolicy } from './shapeBuckets.js';
import { createBucketedDimension, padToLength } from './shapeBuckets.js';
import { concatenate, split } from './tensors.js';

/** Latents [C,h,w] → as many arrays of the output. */
export type Decode = (latents: readonly Float32Array[]) => Promise<Float32Array[]>;

/** @param output the graph's only one */
export function createDecoder(
  session: InferenceSession,
  output: string,
  { channels, height, width }: Manifest['latent'],
  buckets: BucketPolicy | null,
): Decode {
  const dimension = createBucketedDimension(buckets === null ? null : { ...buckets, coarse: [] });
  return async (latents) => {
    const size = dimension.bucketOf(latents.length);
    const run = session.run({
      latent: new ort.Tensor('float32', concatenate(padToLength(latents, size)), [size, channels, height, width]),
    });
    const outputs = await run.catch((error: unknown) => {
      dimension.forget();
      throw error;
    });
    return split(outputs[output]?.data as Float32Array, size).slice(0, latents.length);
  };
}
