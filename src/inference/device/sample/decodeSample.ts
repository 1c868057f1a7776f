/** From the latent and the mask features of a finished denoising state to its image and its soft mask. */
import type { Manifest } from '../../bundle/manifest.js';
import { InferenceError } from '../../errors.js';
import { accumulateMean, elementwiseMean, toGrayscale } from '../../method/maskThreshold.js';
import type { Model } from '../model/model.js';
import type { SampleRequest } from '../../types.js';
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
  const decode = softMaskDecoder(model, request);
  const softMask =
    request.maskMode === 'AVERAGE_PIXELS'
      ? await averagePixels(decode, maskFeatures, model.manifest.image)
      : await decodeMean(decode, maskFeatures);
  if (!allFinite(softMask))
    throw new InferenceError(`the mask feature of ${request.bundle} decodes to values that are not numbers`);
  return softMask;
}

type DecodeSoftMasks = (features: readonly Float32Array[]) => Promise<Float64Array[]>;

/** The student's masks have a decoder of their own, if there is one: where steps are few, the image decoder counts. */
function softMaskDecoder({ decode, decodeMasks, manifest }: Model, { sampler }: SampleRequest): DecodeSoftMasks {
  if (decodeMasks !== null && sampler === 'TURBO')
    return async (features) => (await decodeMasks(features)).map((softMask) => toGrayscale(softMask, 1));
  return async (features) => (await decode(features)).map((image) => toGrayscale(image, manifest.image.channels));
}

async function decodeMean(decode: DecodeSoftMasks, features: readonly Float32Array[]): Promise<Float64Array> {
  const [softMask] = await decode([new Float32Array(elementwiseMean(features))]);
  return softMask as Float64Array;
}

/** The mean of the features' soft masks. There may be a hundred of them, so a few are in memory at a time. */
async function averagePixels(
  decode: DecodeSoftMasks,
  features: readonly Float32Array[],
  { width, height }: Manifest['image'],
): Promise<Float64Array> {
  const mean = new Float64Array(width * height);
  for (let first = 0; first < features.length; first += IMAGES_PER_DECODE) {
    for (const softMask of await decode(features.slice(first, first + IMAGES_PER_DECODE)))
      accumulateMean(mean, softMask, features.length);
  }
  return mean;
}
