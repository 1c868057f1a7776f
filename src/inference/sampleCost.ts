/** What a sample costs, known before it is drawn. */
import type { Manifest } from './bundle/manifest.js';
import { rowsPerEvaluation } from './device/sample/resourceEstimate.js';
import { PROBE_STEPS, PROBE_STRENGTH } from './method/inpainting.js';
import { inpaintingSteps } from './validateRequest.js';
import type { SampleRequest } from './types.js';

export interface SampleCost {
  /** The most that it puts into one evaluation. */
  readonly rows: number;
  /** Rows of all its steps: what a device's time is in proportion to, among samples of one bundle. */
  readonly rowSteps: number;
}

export function costOf(request: SampleRequest, { prompts: { normal }, schedule }: Manifest): SampleCost {
  const { steps, sampler, inpainting } = request;
  const rows = rowsPerEvaluation(request, normal);
  if (inpainting == null) return { rows, rowSteps: rows * steps };
  const drawn = { ...request, photograph: null, twin: false };
  const scout = rowsPerEvaluation({ ...drawn, strength: PROBE_STRENGTH }, normal) * PROBE_STEPS;
  const twin =
    inpainting.image === null
      ? rowsPerEvaluation({ ...drawn, strength: 0, guidance: 'DOUBLE_FREE' }, normal) * steps
      : 0;
  return {
    rows,
    rowSteps:
      twin +
      scout +
      rowsPerEvaluation(drawn, normal) * inpaintingSteps(sampler, schedule, steps, inpainting.denoisingStrength),
  };
}
