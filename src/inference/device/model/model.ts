/**
 * An open bundle: denoise, decode, and encode. Only this file runs the graphs of the denoiser and of the image components.
 *
 *   B samples, U background rows, R rows, K mask rows; latent [C,h,w], image [3,H,W]
 */
import * as ort from 'onnxruntime-node';

import type { Bundle, Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { conditionsFromModulations, conditionsFromTexts } from './conditioning.js';
import type { Decode } from './decoder.js';
import { createDecoder } from './decoder.js';
import type { Evaluation, Prediction } from './evaluation.js';
import type { ExecutionOptions } from './sessions.js';
import type { NamedAdapter, OpenAdapter } from './modulationChanges.js';
import { openAdapter } from './modulationChanges.js';
import { openSession } from './sessions.js';
import { createEvaluationBuckets, bucketFor, largestBucketWithin } from './shapeBuckets.js';
import type { ScratchBuffers } from './tensors.js';
import { concatenate, createScratchBuffers, int64Tensor, split } from './tensors.js';
import { openTextEncoder } from './textEncoder.js';

export interface Model {
  readonly manifest: Manifest;
  /** The adapter that the manifest is of, and the ID of its base, with which it shares evaluations. `null` for a bundle. */
  readonly adapter: { readonly id: string; readonly base: string } | null;
  /** The largest number of rows or images whose padded size (shapeBuckets.ts) does not exceed `count`. */
  within(count: number): number;
  /** One prediction per row. */
  denoise(evaluation: Evaluation): Promise<Prediction[]>;
  /** Latents (or mask features) [C,h,w] → as many images [3,H,W] in about −1 … 1. */
  readonly decode: Decode;
  /** Mask features [C,h,w] → as many soft masks [H,W] in about −1 … 1; `null` if the bundle leaves that to `decode`. */
  readonly decodeMasks: Decode | null;
  /** An image [3,H,W] in −1 … 1 → its latent [C,h,w]. @throws InferenceError if the bundle has no image encoder. */
  encode(image: Float32Array): Promise<Float32Array>;
  /** Opens an adapter of the bundle, whose samples can be drawn then. @throws BundleError */
  openAdapter(adapter: NamedAdapter): Promise<void>;
  /** No evaluation may use it any more. */
  closeAdapter(id: string): Promise<void>;
  close(): Promise<void>;
}

/** @param adapters those of the bundle; servedModels.ts gives their models */
export async function openModel(
  bundle: Bundle,
  options: ExecutionOptions,
  adapters: readonly NamedAdapter[] = [],
): Promise<Model> {
  const { manifest } = bundle;
  const { channels, height, width } = manifest.latent;
  const { image: size } = manifest;
  const { modulation, turbo_modulation, image_encoder, mask_decoder } = manifest.components;
  const textEncoder = await openSession(bundle, 'text_encoder', options);
  const modulator = modulation === undefined ? null : await openSession(bundle, 'modulation', options);
  const turbo = turbo_modulation === undefined ? null : await openSession(bundle, 'turbo_modulation', options);
  const denoiser = await openSession(bundle, 'denoiser', options);
  const decoder = await openSession(bundle, 'image_decoder', options);
  const encoder = image_encoder === undefined ? null : await openSession(bundle, 'image_encoder', options);

  const maskDecoder = mask_decoder === undefined ? null : await openSession(bundle, 'mask_decoder', options);

  const openAdapters = new Map<string, OpenAdapter>();
  for (const adapter of adapters) openAdapters.set(adapter.id, await openAdapter(adapter, options));

  const embed = await openTextEncoder(bundle, textEncoder);
  const sizeOf = options.buckets === null ? (count: number): number => count : bucketFor;
  const conditions =
    modulator === null
      ? conditionsFromTexts(embed)
      : conditionsFromModulations(embed, modulator, { sizeOf, adapters: openAdapters, turbo });
  const choosesMaskRows = manifest.components.denoiser.inputs.includes('mask_rows');
  const evaluationBuckets = createEvaluationBuckets(options.buckets);

  /**
   * The buffers of the previous evaluation. Its inputs, which are no longer read, take tens of megabytes on a GPU, and allocating as much takes
   * longer than the copy.
   */
  let free: ScratchBuffers | null = null;

  const run = async (evaluation: Evaluation): Promise<ort.InferenceSession.OnnxValueMapType> => {
    const { latents, timesteps, backgroundSample, rowBackground, maskRows } = evaluation;
    const scratch = free ?? createScratchBuffers();
    // A concurrent evaluation needs buffers of its own.
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
    adapter: null,
    within: (count) => (options.buckets === null ? count : largestBucketWithin(count)),

    async denoise(evaluation) {
      const padded = evaluationBuckets.pad(evaluation);
      const outputs = await run(padded).catch((error: unknown) => {
        evaluationBuckets.forget();
        throw error;
      });
      const outputRows = (name: string, parts: number): Float32Array[] =>
        split(outputs[name]?.data as Float32Array, parts);
      const rows = padded.rowBackground.length;
      const noise = outputRows('noise', rows);
      const features = outputRows('mask_feature', choosesMaskRows ? padded.maskRows.length : rows);
      const variance = manifest.schedule.varianceType === 'learned_range' ? outputRows('variance', rows) : undefined;
      const featureOf = new Map(evaluation.maskRows.map((row, k) => [row, features[choosesMaskRows ? k : row]]));
      return evaluation.rowBackground.map((_, r) => ({
        noise: noise[r] as Float32Array,
        maskFeature: featureOf.get(r),
        variance: variance?.[r],
      }));
    },

    decode: createDecoder(decoder, 'image', manifest.latent, options.buckets),
    decodeMasks:
      maskDecoder === null ? null : createDecoder(maskDecoder, 'soft_mask', manifest.latent, options.buckets),

    async encode(image) {
      if (encoder === null)
        throw new InferenceError(`${bundle.id} has no image encoder, so it cannot read a photograph`);
      const { latent } = await encoder.run({
        image: new ort.Tensor('float32', image, [1, size.channels, size.height, size.width]),
      });
      return new Float32Array(latent?.data as Float32Array);
    },

    async openAdapter(adapter) {
      openAdapters.set(adapter.id, await openAdapter(adapter, options));
    },

    async closeAdapter(id) {
      const adapter = openAdapters.get(id);
      openAdapters.delete(id);
      await adapter?.close();
    },

    async close() {
      for (const session of [textEncoder, modulator, turbo, denoiser, decoder, encoder, maskDecoder])
        await session?.release();
      for (const adapter of openAdapters.values()) await adapter.close();
    },
  };
}
