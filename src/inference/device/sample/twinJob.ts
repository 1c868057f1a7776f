/**
 * A sample on its own normal twin: the twin is drawn first, at strength 0 from the same seed, and then drawn on as if it were a
 * photograph. So it is from noise alone, and yet nothing but the defect differs from a normal picture. Reference:
 * training/defectdiffu/photograph.py, draw_on_twins.
 */
import sharp from 'sharp';

import { PROBE_STEPS } from '../../method/inpainting.js';
import { toRgbBytes } from '../../method/pixels.js';
import { inpaintingSteps } from '../../validateRequest.js';
import type { InpaintingRequest, SampleRequest } from '../../types.js';
import { createDenoisingState, decodeLatent } from './denoisingState.js';
import type { Job } from './job.js';
import type { Model } from '../model/model.js';
import { denoisingBytes, finishingBytes } from './resourceEstimate.js';
import { createInpaintingJob, requireSquareSize } from './inpaintingJob.js';

/** @param initialNoise of the twin, in place of that of the seed, [C,h,w]. */
export function createTwinJob(
  model: Model,
  request: SampleRequest,
  asked: Omit<InpaintingRequest, 'image'>,
  initialNoise?: Float32Array,
): Job {
  const { manifest } = model;
  requireSquareSize(manifest);
  // By the guidance that knows w_p: nothing shows the product yet.
  const twin = createDenoisingState(model, { ...request, strength: 0, guidance: 'DOUBLE_FREE' }, initialNoise);
  const { sampler, steps } = request;
  return {
    request,
    states: [twin],
    completedSteps: 0,
    totalSteps: steps + PROBE_STEPS + inpaintingSteps(sampler, manifest.schedule, steps, asked.denoisingStrength),
    memoryBytes: denoisingBytes(request, manifest),
    finishBytes: finishingBytes(request, manifest),
    async finishPhase(job) {
      const rgb = toRgbBytes(await decodeLatent(model, twin.latent));
      const { width, height } = manifest.image;
      const image = await sharp(rgb, { raw: { width, height, channels: 3 } })
        .png({ compressionLevel: 0 })
        .toBuffer();
      const next = await createInpaintingJob(model, request, { ...asked, image }, { rgb, steps });
      job.states = next.states;
      job.completedSteps = next.completedSteps;
      job.finishBytes = next.finishBytes;
      job.finishPhase = next.finishPhase;
      return null;
    },
  };
}
