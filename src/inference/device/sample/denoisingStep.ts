/** One guided evaluation of the denoiser for a batch of states, each at its own timestep, and one sampler step of each. */
import { InferenceError } from '../../errors.js';
import { isOutOfMemory } from '../../outOfMemory.js';
import type { Evaluation } from '../model/evaluation.js';
import type { Model } from '../model/model.js';
import type { DenoisingState } from './denoisingState.js';
import { applyPredictions, capturesMaskFeature, currentTimestep, turboStep } from './denoisingState.js';

/** A state that cannot continue, and why. */
export interface StepFailure {
  readonly state: DenoisingState;
  readonly error: Error;
}

/** Advances all states by one step. The result of a state does not depend on the others, nor does whether it fails. */
export async function denoiseStep(model: Model, states: readonly DenoisingState[]): Promise<StepFailure[]> {
  const { lateTimestep } = model.manifest.mask;
  const predictions = await model.denoise(evaluationOf(states, lateTimestep));
  const failures: StepFailure[] = [];
  let row = 0;
  for (const state of states) {
    const own = predictions.slice(row, row + state.plan.rows.length);
    row += own.length;
    try {
      applyPredictions(state, own, lateTimestep);
    } catch (error) {
      failures.push({ state, error: error as Error });
    }
  }
  return failures;
}

/**
 * Like `denoiseStep`. If memory runs out, repeats the step in halves, and after another error adapter by adapter: a failed evaluation
 * has not changed any state.
 * @param onReduce called with the number of rows that may be tried from now on
 */
export async function denoiseStepWithinMemory(
  model: Model,
  states: readonly DenoisingState[],
  onReduce: (rows: number) => void,
): Promise<readonly StepFailure[]> {
  try {
    return await denoiseStep(model, states);
  } catch (error) {
    const outOfMemory = isOutOfMemory(error);
    if (states.length === 1 && outOfMemory) return states.map((state) => tooLarge(state, error as Error));
    if (!outOfMemory) return failAlone(model, states, error as Error, onReduce);
    const half = states.length >> 1;
    const rows = states.reduce((sum, { plan }) => sum + plan.rows.length, 0);
    onReduce(rows >> 1);
    const first = await denoiseStepWithinMemory(model, states.slice(0, half), onReduce);
    return [...first, ...(await denoiseStepWithinMemory(model, states.slice(half), onReduce))];
  }
}

/** The graph of one adapter may have failed: repeats the step for each adapter's samples, so that only they fail. */
async function failAlone(
  model: Model,
  states: readonly DenoisingState[],
  error: Error,
  onReduce: (rows: number) => void,
): Promise<readonly StepFailure[]> {
  const groups = [...Map.groupBy(states, ({ conditions }) => conditions.adapter).values()];
  if (groups.length === 1) return states.map((state) => ({ state, error }));
  const failures: StepFailure[] = [];
  for (const group of groups) failures.push(...(await denoiseStepWithinMemory(model, group, onReduce)));
  return failures;
}

function tooLarge(state: DenoisingState, error: Error): StepFailure {
  const { request, plan } = state;
  const message = `not enough memory on this device for a single sample of ${request.bundle} (${String(plan.rows.length)} rows): ${error.message}`;
  return { state, error: new InferenceError(message, { cause: error }) };
}

/** The rows of all samples in sequence. Rows of a sample that have the same product share a background row. */
function evaluationOf(states: readonly DenoisingState[], lateTimestep: number): Evaluation {
  let backgroundRows = 0;
  const rowBackground: number[] = [];
  const maskRows: number[] = [];
  for (const state of states) {
    const { conditions, plan } = state;
    if (plan.maskRow !== null && capturesMaskFeature(state, lateTimestep))
      maskRows.push(rowBackground.length + plan.maskRow);
    for (const own of conditions.rowBackground) rowBackground.push(backgroundRows + own);
    backgroundRows += conditions.background.length;
  }
  return {
    latents: states.map((state) => state.latent),
    timesteps: states.map(currentTimestep),
    adapters: states.map(({ conditions }) => conditions.adapter),
    turbo: states.map(turboStep),
    backgroundSample: states.flatMap(({ conditions }, s) => conditions.background.map(() => s)),
    background: states.flatMap(({ conditions }) => conditions.background),
    rowBackground,
    defect: states.flatMap(({ conditions }) => conditions.defect),
    fusion: states.flatMap(({ conditions }) => conditions.fusion),
    maskRows,
  };
}
