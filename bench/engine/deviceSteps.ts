/** Against itself without each idea: one step of the denoiser, with the idea and without it, turn and turn about. */
import type * as Calibrating from '../../src/inference/device/batch/calibration.ts';
import type { Evaluation } from '../../src/inference/device/model/evaluation.ts';
import type { Model } from '../../src/inference/device/model/model.ts';
import { importBuilt } from '../importBuilt.ts';
import type { Spread } from '../statistics.ts';
import { median, ratios, formatSpread } from '../statistics.ts';
import { fastestMs, openBundle } from './openModel.ts';

const { typicalEvaluations } = await importBuilt<typeof Calibrating>('inference/device/batch/calibration.js');
const BATCHES = [1, 8];

interface Idea {
  readonly name: string;
  readonly with: (samples: number) => Promise<unknown>;
  readonly without: (samples: number) => Promise<unknown>;
}

export interface DeviceSteps {
  /** Milliseconds of a step with it and without it, and how many times as long it takes without it. */
  readonly ideas: Readonly<Record<string, { readonly with: number; readonly without: number; readonly ratio: Spread }>>;
  readonly said: Record<string, string>;
}

/** Each row with a background of its own. */
function unshared(evaluation: Evaluation): Evaluation {
  const { backgroundSample, background, rowBackground } = evaluation;
  return {
    ...evaluation,
    backgroundSample: rowBackground.map((u) => backgroundSample[u] ?? 0),
    background: rowBackground.map((u) => background[u] ?? ''),
    rowBackground: rowBackground.map((_, r) => r),
  };
}

/** Without the first of every three rows: what is left when w_p + w_d = 1. */
function withoutFirst(evaluation: Evaluation): Evaluation {
  const kept = <T>(rows: readonly T[]): T[] => rows.filter((_, r) => r % 3 !== 0);
  const { rowBackground, defect, fusion } = evaluation;
  return { ...evaluation, rowBackground: kept(rowBackground), defect: kept(defect), fusion: kept(fusion) };
}

const withMasks = (evaluation: Evaluation): Evaluation => ({
  ...evaluation,
  maskRows: evaluation.rowBackground.map((_, r) => r),
});

/** At a timestep that was never asked for before. */
function elsewhere(): (evaluation: Evaluation) => Evaluation {
  let t = 0;
  return (evaluation) => {
    t = (t + 1) % 1000;
    return { ...evaluation, timesteps: evaluation.timesteps.map(() => t) };
  };
}

export async function deviceSteps(bundle: string, rounds: number): Promise<DeviceSteps> {
  const [whole, small] = [await openBundle(bundle, 'fp32'), await openBundle(bundle, 'int8')];
  const typical = typicalEvaluations(whole);
  const on = (model: Model, change = (evaluation: Evaluation) => evaluation) => {
    return (samples: number) => model.denoise(change(typical(samples)));
  };
  const ideas: Idea[] = [
    { name: 'backgrounds shared', with: on(whole), without: on(whole, unshared) },
    { name: 'rows of coefficient 0 left out', with: on(whole, withoutFirst), without: on(whole) },
    { name: 'mask features where they count', with: on(whole), without: on(whole, withMasks) },
    { name: 'modulations kept', with: on(whole), without: on(whole, elsewhere()) },
    { name: 'mask features where they count, int8', with: on(small), without: on(small, withMasks) },
    { name: 'modulations kept, int8', with: on(small), without: on(small, elsewhere()) },
    { name: 'int8', with: on(small), without: on(whole) },
  ];
  const figures: Record<string, { with: number; without: number; ratio: Spread }> = {};
  for (const batch of BATCHES) {
    const times = ideas.map(() => ({ with: [] as number[], without: [] as number[] }));
    for (let round = 0; round < rounds; round++) {
      for (const [i, idea] of ideas.entries()) {
        times[i]?.with.push(await fastestMs(() => idea.with(batch)));
        times[i]?.without.push(await fastestMs(() => idea.without(batch)));
      }
    }
    for (const [i, { name }] of ideas.entries()) {
      const { with: having = [], without = [] } = times[i] ?? {};
      const ratio = ratios(without, having);
      figures[`${name}, ${String(batch)}`] = { with: median(having), without: median(without), ratio };
      console.log(
        `${name}, ${String(batch)} samples: ${median(having).toFixed(1)} ms a step, ${formatSpread(ratio, 2)} × as long without`,
      );
    }
  }
  await whole.close();
  await small.close();
  return {
    ideas: figures,
    said: {
      'a step in int8 over fp32, one sample': formatSpread(
        figures['int8, 1']?.ratio ?? { median: 0, least: 0, most: 0 },
        2,
      ),
    },
  };
}
