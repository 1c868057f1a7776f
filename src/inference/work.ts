/** What a sample costs, known before it is drawn. */
import type { Manifest } from './bundle/manifest.js';
import { guidancePlan } from './method/guidance.js';
import { SCOUT_STEPS, SCOUT_STRENGTH } from './method/photograph.js';
import { stepsOnPhotograph } from './requests.js';
import type { SampleRequest } from './types.js';

export interface Work {
  /** The most that it puts into one evaluation. */
  readonly rows: number;
  /** Rows of all its steps: what a device's time is in proportion to, among samples of one bundle. */
  readonly rowSteps: number;
}

export function workOf(request: SampleRequest, { prompts, schedule }: Manifest): Work {
  const rowsAt = (strength: number): number =>
    guidancePlan({ ...request, normal: prompts.normal, strength }).rows.length;
  const { strength, steps, sampler, photograph } = request;
  if (photograph != null) {
    const [own, scout] = [rowsAt(strength), rowsAt(SCOUT_STRENGTH)];
    const ownSteps = stepsOnPhotograph(sampler, schedule, steps, photograph.freedom);
    return { rows: Math.max(own, scout), rowSteps: scout * SCOUT_STEPS + own * ownSteps };
  }
  const rows = rowsAt(strength) + (request.twin === true ? rowsAt(0) : 0);
  return { rows, rowSteps: rows * steps };
}
