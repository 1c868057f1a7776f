/**
 * One decoder for all who ask: what samples that end in the same step want decoded (image, mask, twin) goes through it in one call, and
 * a step may come between two calls.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { isOutOfMemory } from '../../outOfMemory.js';
import type { Model } from '../model/model.js';

/** Pixels of one call: 16 pictures of 128 × 128, one of 512 × 512. More at a time fills no device better, and takes memory. */
const PIXELS_AT_A_TIME = 2 ** 18;

interface DecodeRequest {
  readonly latent: Float32Array;
  readonly resolve: (image: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** @param reduced hears of it when the decoder ran out of memory, and how many pictures it is given at a time from then on. */
export function withBatchedDecoder(model: Model, reduced: (pictures: number) => void): Model {
  const { width, height } = model.manifest.image;
  let maximum = model.within(Math.max(1, Math.floor(PIXELS_AT_A_TIME / (width * height))));
  let asked: DecodeRequest[] = [];
  let running = false;

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    // Those who ended in the same step ask before the event loop has turned.
    for (await turnOfTheLoop(); asked.length > 0; await turnOfTheLoop()) {
      const batch = asked.slice(0, maximum);
      asked = asked.slice(maximum);
      await decode(batch);
    }
    running = false;
  };

  const decode = async (batch: readonly DecodeRequest[]): Promise<void> => {
    try {
      const images = await model.decode(batch.map(({ latent }) => latent));
      batch.forEach(({ resolve }, i) => resolve(images[i] as Float32Array));
    } catch (error) {
      if (batch.length === 1 || !isOutOfMemory(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const half = batch.length >> 1;
      maximum = Math.min(maximum, model.within(half));
      reduced(maximum);
      await decode(batch.slice(0, half));
      await decode(batch.slice(half));
    }
  };

  return {
    ...model,
    decode: (latents) =>
      Promise.all(
        latents.map(
          (latent) =>
            new Promise<Float32Array>((resolve, reject) => {
              asked.push({ latent, resolve, reject });
              void run();
            }),
        ),
      ),
  };
}
