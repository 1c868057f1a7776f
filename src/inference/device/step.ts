/** One guided evaluation for whichever samples are given, each at its own timestep, and one sampler step of each. */
import { applyPredictions, timestepOf } from './drawing.js';
import type { Drawing } from './drawing.js';
import type { Evaluation, Model } from './model.js';

/** A sample that cannot go on, and why. */
export interface Failure {
  readonly drawing: Drawing;
  readonly error: Error;
}

/** All samples advance by one step together. What a sample becomes does not depend on the others, and neither does whether it fails. */
export async function advance(model: Model, drawings: readonly Drawing[]): Promise<Failure[]> {
  const predictions = await model.denoise(evaluationOf(drawings));
  const failures: Failure[] = [];
  let row = 0;
  for (const drawing of drawings) {
    const own = predictions.slice(row, row + drawing.plan.rows.length);
    row += own.length;
    try {
      applyPredictions(drawing, own, model.manifest.mask.lateTimestep);
    } catch (error) {
      failures.push({ drawing, error: error as Error });
    }
  }
  return failures;
}

/** The rows of all samples after one another; a sample's rows that share a product share its background row. */
function evaluationOf(drawings: readonly Drawing[]): Evaluation {
  const backgroundsBefore = drawings.map((_, s) =>
    drawings.slice(0, s).reduce((sum, { texts }) => sum + texts.background.length, 0),
  );
  return {
    latents: drawings.map((drawing) => drawing.latent),
    timesteps: drawings.map(timestepOf),
    backgroundSample: drawings.flatMap(({ texts }, s) => texts.background.map(() => s)),
    backgroundText: drawings.flatMap(({ texts }) => texts.background),
    rowBackground: drawings.flatMap(({ texts }, s) => texts.rowBackground.map((u) => u + (backgroundsBefore[s] ?? 0))),
    defectText: drawings.flatMap(({ texts }) => texts.defect),
    fusionText: drawings.flatMap(({ texts }) => texts.fusion),
  };
}
