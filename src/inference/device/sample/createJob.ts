/**
 * Creates the job of a sample. From noise: the sample, and optionally its normal twin. Inpainting: inpaintingJob.ts and twinJob.ts.
 * Transplants: transplantJob.ts.
 */
import { maskConfidence, thresholdMask, uncertainBorder } from '../../method/maskThreshold.js';
import { toRgbBytes } from '../../method/pixels.js';
import { computeScores } from '../../method/qualityScores.js';
import type { SampleRequest } from '../../types.js';
import type { Model } from '../model/model.js';
import { decodeImageAndMask, decodeLatent } from './decodeSample.js';
import type { DenoisingState } from './denoisingState.js';
import { createDenoisingState } from './denoisingState.js';
import type { SamplePixels } from './encodeSample.js';
import { createInpaintingJob } from './inpaintingJob.js';
import type { Job } from './job.js';
import { denoisingBytes, finishingBytes } from './resourceEstimate.js';
import { createTransplantJob } from './transplantJob.js';
import { createTwinJob } from './twinJob.js';

/** Whether files are read for the job. */
export function readsImage({ inpainting, transplant }: SampleRequest): boolean {
  return inpainting?.image != null || transplant != null;
}

/** @param initialNoise replaces the noise of the seed, [C,h,w], to compare with another implementation */
export async function createJob(model: Model, request: SampleRequest, initialNoise?: Float32Array): Promise<Job> {
  if (request.inpainting != null) {
    const { image, ...options } = request.inpainting;
    return image === null
      ? createTwinJob(model, request, options, initialNoise)
      : createInpaintingJob(model, request, options, image);
  }
  if (request.transplant != null) return createTransplantJob(model, request, request.transplant);
  const main = createDenoisingState(model, request, initialNoise);
  const twin = request.twin === true ? createDenoisingState(model, { ...request, strength: 0 }, initialNoise) : null;
  return {
    request,
    states: twin === null ? [main] : [main, twin],
    completedSteps: 0,
    totalSteps: request.steps,
    memoryBytes: denoisingBytes(request, model.manifest),
    finishBytes: finishingBytes(request, model.manifest),
    finishPhase: () => finish(model, main, twin),
  };
}

async function finish(model: Model, main: DenoisingState, twin: DenoisingState | null): Promise<SamplePixels> {
  const { width, height } = model.manifest.image;
  const [{ image, softMask }, twinImage] = await Promise.all([
    decodeImageAndMask(model, main),
    twin === null ? null : decodeLatent(model, twin.latent),
  ]);
  const rgb = toRgbBytes(image);
  const mask =
    softMask === null ? new Uint8Array(width * height) : thresholdMask(softMask, model.manifest.mask.minimumPeak);
  const ignore = softMask === null ? new Uint8Array(width * height) : uncertainBorder(softMask, mask);
  const twinRgb = twinImage === null ? null : toRgbBytes(twinImage);
  const scores =
    twinRgb === null ? null : { ...computeScores(twinRgb, rgb, mask, width), filling: null, direction: null };
  const confidence = softMask === null ? 0 : maskConfidence(softMask, mask);
  return { width, height, rgb, mask, ignore, region: null, twin: twinRgb, confidence, scores, allowedArea: null };
}
