/** Whether a size that was met before is prepared for anew: steps of other numbers of samples turn and turn about, without padding. */
import type * as Calibrating from '../../src/inference/device/batch/calibration.ts';
import { built } from '../built.ts';
import { open } from '../engine/opening.ts';
import { BUNDLE } from '../bundle.ts';
import { asked, found } from './asked.ts';

const { typicalEvaluations } = await built<typeof Calibrating>('inference/device/batch/calibration.js');
const IN_TURN = [8, 8, 16, 16, 8, 8, 16, 16, 8, 8];

export async function changes(): Promise<void> {
  const model = await open(BUNDLE, asked.precision, asked.device, null);
  const typical = typicalEvaluations(model);
  const milliseconds: number[] = [];
  for (const samples of IN_TURN) {
    // Mask features of one row, always: only the numbers of samples, backgrounds and rows change.
    const evaluation = { ...typical(samples), maskRows: [0] };
    const began = performance.now();
    await model.denoise(evaluation);
    milliseconds.push(performance.now() - began);
  }
  found({ samples: IN_TURN, ms: milliseconds });
  await model.close();
}
