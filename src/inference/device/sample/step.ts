/** One guided evaluation for whichever samples are given, each at its own timestep, and one sampler step of each. */
import { InferenceError } from '../../errors.js';
import { isOutOfMemory } from '../../outOfMemory.js';
import { applyPredictions, givesMask, timestepOf } from './drawing.js';
import type { Drawing } from './drawing.js';
import type { Evaluation } from '../model/evaluation.js';
import type { Model } from '../model/model.js';

/** A sample that cannot go on, and why. */
export interface Failure {
  readonly drawing: Drawing;
  readonly error: Error;
}

/** All samples advance by one step together. What a sample becomes does not depend on the others, and neither does whether it fails. */
export async function advance(model: Model, drawings: readonly Drawing[]): Promise<Failure[]> {
  const { lateTimestep } = model.manifest.mask;
  const predictions = await model.denoise(evaluationOf(drawings, lateTimestep));
  const failures: Failure[] = [];
  let row = 0;
  for (const drawing of drawings) {
    const own = predictions.slice(row, row + drawing.plan.rows.length);
    row += own.length;
    try {
      applyPredictions(drawing, own, lateTimestep);
    } catch (error) {
      failures.push({ drawing, error: error as Error });
    }
  }
  return failures;
}

/**
 * As `advance`; where that takes more memory than there is, in halves: nothing of a drawing has changed when an evaluation fails.
 * @param reduce is told how many rows may be tried from now on.
 */
export async function advanceWithinMemory(
  model: Model,
  drawings: readonly Drawing[],
  reduce: (rows: number) => void,
): Promise<readonly Failure[]> {
  try {
    return await advance(model, drawings);
  } catch (error) {
    const outOfMemory = isOutOfMemory(error);
    if (drawings.length === 1 && outOfMemory) return drawings.map((drawing) => tooLarge(drawing, error as Error));
    if (!outOfMemory) return drawings.map((drawing) => ({ drawing, error: error as Error }));
    const half = drawings.length >> 1;
    const rows = drawings.reduce((sum, { plan }) => sum + plan.rows.length, 0);
    reduce(rows >> 1);
    const first = await advanceWithinMemory(model, drawings.slice(0, half), reduce);
    return [...first, ...(await advanceWithinMemory(model, drawings.slice(half), reduce))];
  }
}

function tooLarge(drawing: Drawing, error: Error): Failure {
  const { request, plan } = drawing;
  const message = `not enough memory on this device for a single sample of ${request.bundle} (${String(plan.rows.length)} rows): ${error.message}`;
  return { drawing, error: new InferenceError(message, { cause: error }) };
}

/** The rows of all samples after one another; a sample's rows that share a product share its background row. */
function evaluationOf(drawings: readonly Drawing[], lateTimestep: number): Evaluation {
  let backgrounds = 0;
  const rowBackground: number[] = [];
  const maskRows: number[] = [];
  for (const drawing of drawings) {
    const { phrases, plan } = drawing;
    if (plan.maskRow !== null && givesMask(drawing, lateTimestep)) maskRows.push(rowBackground.length + plan.maskRow);
    for (const own of phrases.rowBackground) rowBackground.push(backgrounds + own);
    backgrounds += phrases.background.length;
  }
  return {
    latents: drawings.map((drawing) => drawing.latent),
    timesteps: drawings.map(timestepOf),
    backgroundSample: drawings.flatMap(({ phrases }, s) => phrases.background.map(() => s)),
    background: drawings.flatMap(({ phrases }) => phrases.background),
    rowBackground,
    defect: drawings.flatMap(({ phrases }) => phrases.defect),
    fusion: drawings.flatMap(({ phrases }) => phrases.fusion),
    maskRows,
  };
}
