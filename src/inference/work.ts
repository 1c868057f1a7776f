/** What a sample costs, known before it is drawn. */
import type { Manifest } from './bundle/manifest.js';
import { rowsOf } from './device/sample/needs.js';
import { SCOUT_STEPS, SCOUT_STRENGTH } from './method/photograph.js';
import { stepsOnPhotograph } from './requests.js';
import type { SampleRequest } from './types.js';

export interface Work {
  /** The most that it puts into one evaluation. */
  readonly rows: number;
  /** Rows of all its steps: what a device's time is in proportion to, among samples of one bundle. */
  readonly rowSteps: number;
}

export function workOf(request: SampleRequest, { prompts: { normal }, schedule }: Manifest): Work {
  const { steps, sampler, photograph } = request;
  const rows = rowsOf(request, normal);
  if (photograph == null) return { rows, rowSteps: rows * steps };
  const drawn = { ...request, photograph: null, twin: false };
  const scout = rowsOf({ ...drawn, strength: SCOUT_STRENGTH }, normal) * SCOUT_STEPS;
  const twin =
    photograph.picture === null ? rowsOf({ ...drawn, strength: 0, guidance: 'DOUBLE_FREE' }, normal) * steps : 0;
  return {
    rows,
    rowSteps: twin + scout + rowsOf(drawn, normal) * stepsOnPhotograph(sampler, schedule, steps, photograph.freedom),
  };
}
