/** Whether a size that was met before is prepared for anew: steps of other numbers of samples turn and turn about, without padding. */
import type * as Calibrating from '../../src/inference/device/batch/calibration.ts';
import { importBuilt } from '../importBuilt.ts';
import { openBundle } from '../engine/openModel.ts';
import { BUNDLE } from '../bundle.ts';
import { options, report } from './options.ts';

const { typicalEvaluations } = await importBuilt<typeof Calibrating>('inference/device/batch/calibration.js');
const IN_TURN = [8, 8, 16, 16, 8, 8, 16, 16, 8, 8];

export async function measureSizeChanges(): Promise<void> {
  const model = await openBundle(BUNDLE, options.precision, options.device, null);
  const typical = typicalEvaluations(model);
  const milliseconds: number[] = [];
  for (const samples of IN_TURN) {
    // Mask features of one row, always: only the numbers of samples, backgrounds and rows change.
    const evaluation = { ...typical(samples), maskRows: [0] };
    const began = performance.now();
    await model.denoise(evaluation);
    milliseconds.push(performance.now() - began);
  }
  report({ samples: IN_TURN, ms: milliseconds });
  await model.close();
}
