/** From noise: the drawing, and its normal twin beside it. On a photograph: onPhotograph.ts. On the twin: onTwin.ts. */
import { thresholdMask, maskConfidence } from '../../method/maskThreshold.js';
import { toRgbBytes } from '../../method/pixels.js';
import { computeScores } from '../../method/qualityScores.js';
import type { SampleRequest } from '../../types.js';
import type { DenoisingState } from './denoisingState.js';
import { createDenoisingState, decodeImageAndMask, decodeLatent } from './denoisingState.js';
import type { Job } from './job.js';
import type { Model } from '../model/model.js';
import { denoisingBytes, finishingBytes } from './resourceEstimate.js';
import { createInpaintingJob } from './inpaintingJob.js';
import { createTwinJob } from './twinJob.js';
import type { SamplePixels } from './encodeSample.js';

/** @param initialNoise in place of that of the seed, [C,h,w]: to compare with another implementation. */
export async function createJob(model: Model, request: SampleRequest, initialNoise?: Float32Array): Promise<Job> {
  if (request.inpainting != null) {
    const { image, ...asked } = request.inpainting;
    return image === null
      ? createTwinJob(model, request, asked, initialNoise)
      : createInpaintingJob(model, request, { ...asked, image });
  }
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
  const [{ image, soft }, twinImage] = await Promise.all([
    decodeImageAndMask(model, main),
    twin === null ? null : decodeLatent(model, twin.latent),
  ]);
  const rgb = toRgbBytes(image);
  const mask = soft === null ? new Uint8Array(width * height) : thresholdMask(soft, model.manifest.mask.minimumPeak);
  const normal = twinImage === null ? null : toRgbBytes(twinImage);
  const scores =
    normal === null ? null : { ...computeScores(normal, rgb, mask, width), filling: null, direction: null };
  const confidence = soft === null ? 0 : maskConfidence(soft, mask);
  return { width, height, rgb, mask, region: null, twin: normal, confidence, scores };
}
