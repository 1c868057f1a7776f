/** From the latent and the mask features of a finished denoising state to its image and its soft mask. */
import { InferenceError } from '../../errors.js';
import { accumulateMean, elementwiseMean, toGrayscale } from '../../method/maskThreshold.js';
import type { Model } from '../model/model.js';
import type { DenoisingState } from './denoisingState.js';
import { allFinite } from './denoisingState.js';
import { IMAGES_PER_DECODE } from './resourceEstimate.js';

export interface DecodedSample {
  /** [3,H,W] in about −1 … 1 */
  readonly image: Float32Array;
  /** [H·W] in −1 … 1; `null` if no row carries a defect */
  readonly softMask: Float64Array | null;
}

export async function decodeImageAndMask(model: Model, state: DenoisingState): Promise<DecodedSample> {
  const [image, softMask] = await Promise.all([decodeLatent(model, state.latent), decodeSoftMask(model, state)]);
  return { image, softMask };
}

export async function decodeLatent(model: Model, latent: Float32Array): Promise<Float32Array> {
  const [image] = await model.decode([latent]);
  return image as Float32Array;
}

export async function decodeSoftMask(
  model: Model,
  { maskFeatures, request }: DenoisingState,
): Promise<Float64Array | null> {
  // In the normal state and at strength 0 no row carries a defect, so there is nothing to mark.
  if (maskFeatures.length === 0) return null;
  const { channels } = model.manifest.image;
  const softMask =
    request.maskMode === 'AVERAGE_PIXELS'
      ? await averagePixels(model, maskFeatures)
      : toGrayscale(await decodeLatent(model, new Float32Array(elementwiseMean(maskFeatures))), channels);
  if (!allFinite(softMask))
    throw new InferenceError(`the mask feature of ${request.bundle} decodes to values that are not numbers`);
  return softMask;
}

/** The mean of the features' grayscale images. There may be a hundred of them, so a few are in memory at a time. */
async function averagePixels(model: Model, features: readonly Float32Array[]): Promise<Float64Array> {
  const { width, height, channels } = model.manifest.image;
  const mean = new Float64Array(width * height);
  for (let first = 0; first < features.length; first += IMAGES_PER_DECODE) {
    for (const decoded of await model.decode(features.slice(first, first + IMAGES_PER_DECODE)))
      accumulateMean(mean, toGrayscale(decoded, channels), features.length);
  }
  return mean;
}
