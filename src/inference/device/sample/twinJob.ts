/**
 * The job of an inpainting sample on its own normal twin. The twin is generated first, at strength 0 from the same seed, and then
 * serves as the image. The sample is made from noise alone, yet only the defect differs from a normal image.
 * Reference: training/defectdiffu/sampling/photograph.py, draw_on_twins.
 */
import { PROBE_STEPS } from '../../method/inpainting.js';
import { toRgbBytes } from '../../method/pixels.js';
import type { SampleRequest } from '../../types.js';
import { inpaintingSteps } from '../../validateRequest.js';
import type { Model } from '../model/model.js';
import { decodeLatent } from './decodeSample.js';
import { createDenoisingState } from './denoisingState.js';
import type { InpaintingOptions } from './inpaintingJob.js';
import { createInpaintingJob, requireSquareSize } from './inpaintingJob.js';
import type { Job } from './job.js';
import { denoisingBytes, finishingBytes } from './resourceEstimate.js';

/** @param initialNoise replaces the noise of the twin's seed, [C,h,w] */
export function createTwinJob(
  model: Model,
  request: SampleRequest,
  options: InpaintingOptions,
  initialNoise?: Float32Array,
): Job {
  const { manifest } = model;
  requireSquareSize(manifest);
  // With the guidance that uses w_p, because nothing shows the product yet.
  const twin = createDenoisingState(model, { ...request, strength: 0, guidance: 'DOUBLE_FREE' }, initialNoise);
  const { sampler, steps } = request;
  return {
    request,
    states: [twin],
    completedSteps: 0,
    totalSteps: steps + PROBE_STEPS + inpaintingSteps(sampler, manifest.schedule, steps, options.denoisingStrength),
    memoryBytes: denoisingBytes(request, manifest),
    finishBytes: finishingBytes(request, manifest),
    async finishPhase(job) {
      const rgb = toRgbBytes(await decodeLatent(model, twin.latent));
      const { width, height } = manifest.image;
      const next = await createInpaintingJob(model, request, options, { width, height, rgb }, { rgb, steps });
      job.states = next.states;
      job.completedSteps = next.completedSteps;
      job.finishBytes = next.finishBytes;
      job.finishPhase = next.finishPhase;
      return null;
    },
  };
}
