/**
 * An opened bundle as three functions. This is the one file that speaks to the graphs, so it says what their tensors hold.
 *
 *   B samples, U background rows, R rows; K rows of masks; latent [C,h,w], image [3,H,W]
 */
import * as ort from 'onnxruntime-node';

import type { Bundle, Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { conditionsFromModulations, conditionsFromTexts } from './conditioning.js';
import type { Evaluation, Prediction } from './evaluation.js';
import type { ExecutionOptions } from './sessions.js';
import { openSession } from './sessions.js';
import {
  createBucketedDimension,
  createEvaluationBuckets,
  padToLength,
  bucketFor,
  largestBucketWithin,
} from './shapeBuckets.js';
import type { ScratchBuffers } from './tensors.js';
import { concatenate, createScratchBuffers, int64Tensor, split } from './tensors.js';
import { openTextEncoder } from './textEncoder.js';

export interface Model {
  readonly manifest: Manifest;
  /** As many rows or pictures as may be asked for at once where `count` are allowed: padding (sizes.ts) takes it to no more. */
  within(count: number): number;
  /** One prediction per row. */
  denoise(evaluation: Evaluation): Promise<Prediction[]>;
  /** Latents (or mask features) [C,h,w] → as many pictures [3,H,W], in about −1 … 1. */
  decode(latents: readonly Float32Array[]): Promise<Float32Array[]>;
  /** An image [3,H,W] in −1 … 1 → its latent [C,h,w]. @throws InferenceError where the bundle has no image encoder. */
  encode(image: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

export async function openModel(bundle: Bundle, device: ExecutionOptions): Promise<Model> {
  const { manifest } = bundle;
  const { channels, height, width } = manifest.latent;
  const { image: size } = manifest;
  const { modulation, image_encoder } = manifest.components;
  const textEncoder = await openSession(bundle, 'text_encoder', device);
  const modulator = modulation === undefined ? null : await openSession(bundle, 'modulation', device);
  const denoiser = await openSession(bundle, 'denoiser', device);
  const decoder = await openSession(bundle, 'image_decoder', device);
  const encoder = image_encoder === undefined ? null : await openSession(bundle, 'image_encoder', device);

  const embed = await openTextEncoder(bundle, textEncoder);
  const sizeOf = device.buckets === null ? (count: number): number => count : bucketFor;
  const conditions =
    modulator === null ? conditionsFromTexts(embed) : conditionsFromModulations(embed, modulator, { sizeOf });
  const choosesMaskRows = manifest.components.denoiser.inputs.includes('mask_rows');
  const sizes = createEvaluationBuckets(device.buckets);
  const pictures = createBucketedDimension(device.buckets === null ? null : { ...device.buckets, coarse: [] });

  /**
   * Of the evaluation before, whose inputs nobody reads any more. They are tens of megabytes on a GPU, and new memory of that size takes longer
   * than the copy.
   */
  let free: ScratchBuffers | null = null;

  const run = async (evaluation: Evaluation): Promise<ort.InferenceSession.OnnxValueMapType> => {
    const { latents, timesteps, backgroundSample, rowBackground, maskRows } = evaluation;
    const scratch = free ?? createScratchBuffers();
    // Another evaluation that began meanwhile would need its own.
    free = null;
    const latent = concatenate(latents, scratch('latent'));
    const outputs = await denoiser.run({
      latent: new ort.Tensor('float32', latent, [latents.length, channels, height, width]),
      timestep: int64Tensor(timesteps),
      background_sample: int64Tensor(backgroundSample),
      row_background: int64Tensor(rowBackground),
      ...(await conditions(evaluation, scratch)),
      ...(choosesMaskRows ? { mask_rows: int64Tensor(maskRows) } : {}),
    });
    free = scratch;
    return outputs;
  };

  return {
    manifest,
    within: (count) => (device.buckets === null ? count : largestBucketWithin(count)),

    async denoise(evaluation) {
      const asked = sizes.pad(evaluation);
      const outputs = await run(asked).catch((error: unknown) => {
        sizes.forget();
        throw error;
      });
      const given = (name: string, parts: number): Float32Array[] => split(outputs[name]?.data as Float32Array, parts);
      const rows = asked.rowBackground.length;
      const noise = given('noise', rows);
      const features = given('mask_feature', choosesMaskRows ? asked.maskRows.length : rows);
      const variance = manifest.schedule.varianceType === 'learned_range' ? given('variance', rows) : undefined;
      const featureOf = new Map(evaluation.maskRows.map((row, k) => [row, features[choosesMaskRows ? k : row]]));
      return evaluation.rowBackground.map((_, r) => ({
        noise: noise[r] as Float32Array,
        maskFeature: featureOf.get(r),
        variance: variance?.[r],
      }));
    },

    async decode(latents) {
      const size = pictures.bucketOf(latents.length);
      const run = decoder.run({
        latent: new ort.Tensor('float32', concatenate(padToLength(latents, size)), [size, channels, height, width]),
      });
      const { image } = await run.catch((error: unknown) => {
        pictures.forget();
        throw error;
      });
      return split(image?.data as Float32Array, size).slice(0, latents.length);
    },

    async encode(image) {
      if (encoder === null)
        throw new InferenceError(`${bundle.id} has no image encoder, so it cannot read a photograph`);
      const { latent } = await encoder.run({
        image: new ort.Tensor('float32', image, [1, size.channels, size.height, size.width]),
      });
      return new Float32Array(latent?.data as Float32Array);
    },

    async close() {
      for (const session of [textEncoder, modulator, denoiser, decoder, encoder]) await session?.release();
    },
  };
}
