/** The cost of a sample, known before it is generated. */
import type { Manifest } from './bundle/manifest.js';
import { rowsPerEvaluation } from './device/sample/resourceEstimate.js';
import { PROBE_STEPS, PROBE_STRENGTH } from './method/inpainting.js';
import type { SampleRequest } from './types.js';
import { usesModel } from './usesModel.js';
import { inpaintingSteps } from './validateRequest.js';

export interface SampleCost {
  /** The most rows that the sample adds to one evaluation. */
  readonly rows: number;
  /** Rows of all its steps. Among samples of one bundle, device time is proportional to it. */
  readonly rowSteps: number;
}

export function costOf(request: SampleRequest, { prompts: { normal }, schedule }: Manifest): SampleCost {
  const { steps, sampler, inpainting, transplant } = request;
  const rows = rowsPerEvaluation(request, normal);
  if (!usesModel(request)) return { rows, rowSteps: 1 };
  if (transplant != null)
    return { rows, rowSteps: rows * inpaintingSteps(sampler, schedule, steps, transplant.denoisingStrength) };
  if (inpainting == null) return { rows, rowSteps: rows * steps };
  const fromNoise = { ...request, inpainting: null, twin: false };
  const probe = rowsPerEvaluation({ ...fromNoise, strength: PROBE_STRENGTH }, normal) * PROBE_STEPS;
  const twin =
    inpainting.image === null
      ? rowsPerEvaluation({ ...fromNoise, strength: 0, guidance: 'DOUBLE_FREE' }, normal) * steps
      : 0;
  const main =
    rowsPerEvaluation(fromNoise, normal) * inpaintingSteps(sampler, schedule, steps, inpainting.denoisingStrength);
  return { rows, rowSteps: twin + probe + main };
}
