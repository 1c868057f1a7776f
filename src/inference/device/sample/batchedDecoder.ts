/**
 * Batches the calls of the decoders: what samples that finish in the same step need decoded (image, mask, twin) goes through the image
 * decoder in one call, and through that of masks, where there is one, in another. A step may run between two calls.
 */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';

import { isOutOfMemory } from '../../outOfMemory.js';
import type { Decode } from '../model/decoder.js';
import type { Model } from '../model/model.js';

/** Pixels of one call: 16 images of 128 × 128, or one of 512 × 512. More pixels take memory without a higher throughput. */
const PIXELS_PER_CALL = 2 ** 18;

interface DecodeRequest {
  readonly latent: Float32Array;
  readonly resolve: (image: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** @param onReduce called when a decoder ran out of memory, with the number of images per call from now on */
export function withBatchedDecoder(model: Model, onReduce: (images: number) => void): Model {
  const { decode, decodeMasks } = model;
  return {
    ...model,
    decode: batched(decode, model, onReduce),
    decodeMasks: decodeMasks === null ? null : batched(decodeMasks, model, onReduce),
  };
}

function batched(decodeBatch: Decode, { manifest, within }: Model, onReduce: (images: number) => void): Decode {
  const { width, height } = manifest.image;
  let maxImages = within(Math.max(1, Math.floor(PIXELS_PER_CALL / (width * height))));
  let pending: DecodeRequest[] = [];
  let running = false;

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    // All samples that finish in the same step send their requests before the event loop has turned.
    for (await eventLoopTurn(); pending.length > 0; await eventLoopTurn()) {
      const batch = pending.slice(0, maxImages);
      pending = pending.slice(maxImages);
      await decode(batch);
    }
    running = false;
  };

  const decode = async (batch: readonly DecodeRequest[]): Promise<void> => {
    try {
      const images = await decodeBatch(batch.map(({ latent }) => latent));
      batch.forEach(({ resolve }, i) => resolve(images[i] as Float32Array));
    } catch (error) {
      if (batch.length === 1 || !isOutOfMemory(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const half = batch.length >> 1;
      maxImages = Math.min(maxImages, within(half));
      onReduce(maxImages);
      await decode(batch.slice(0, half));
      await decode(batch.slice(half));
    }
  };

  return (latents) =>
    Promise.all(
      latents.map(
        (latent) =>
          new Promise<Float32Array>((resolve, reject) => {
            pending.push({ latent, resolve, reject });
            void run();
          }),
      ),
    );
}
