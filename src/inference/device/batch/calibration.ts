/**
 * Measures the best batch size: times a step with 1, 2, 4 … samples until a larger batch has no higher throughput. On a CPU that is one
 * or two samples, on a GPU many.
 */
import type { CurvePoint, RowBudget } from '../../capacity.js';
import { ROWS_PER_SAMPLE } from '../../capacity.js';
import { gaussianNoise } from '../../method/noise.js';
import { fillPrompts } from '../../method/prompts.js';
import type { Evaluation } from '../model/evaluation.js';
import type { Model } from '../model/model.js';

const MAX_SAMPLES = 256;
/** Timed runs of each size. The fastest counts, because other load on the machine can only slow a run down. */
const RUNS = 3;
/** The throughput must rise by this factor for a larger batch to be tried. */
const MIN_RISE = 1.03;
/** The smallest batch with this share of the best throughput is chosen, because its steps are shorter. */
const NEARLY_BEST = 0.95;
/** A quick step takes at most this many times as long as a step of a single sample. */
const QUICK_FACTOR = 2;
/** The time limit for all sizes of one bundle. A denoiser that takes longer for one sample gets one sample at a time. */
export const CALIBRATION_MS = 2_000;
/** The time limit for loading and compiling kernels, for all sizes of one bundle. */
const MAX_WARM_UP_MS = 30_000;

export function budgetOf(curve: readonly CurvePoint[]): RowBudget {
  const best = Math.max(...curve.map(throughput));
  const pays = curve.find((point) => throughput(point) >= NEARLY_BEST * best)?.samples ?? 1;
  const shortest = curve[0]?.seconds ?? 0;
  const quick =
    curve.findLast(({ samples, seconds }) => samples <= pays && seconds <= QUICK_FACTOR * shortest)?.samples ?? 1;
  return { rows: ROWS_PER_SAMPLE * pays, quickRows: ROWS_PER_SAMPLE * quick };
}

function throughput({ samples, seconds }: CurvePoint): number {
  return samples / seconds;
}

/** @param milliseconds after which no larger batch is tried; the warm-up for a size does not count */
export async function measureStepCurve(model: Model, milliseconds: number): Promise<readonly CurvePoint[]> {
  const began = performance.now();
  let deadline = began + milliseconds;
  const evaluationOf = typicalEvaluations(model);
  const curve: CurvePoint[] = [];
  for (let samples = 1; samples <= MAX_SAMPLES; samples *= 2) {
    const last = curve.at(-1);
    // The next size takes about twice as long and runs at least twice.
    if (last !== undefined && performance.now() + 4000 * last.seconds > deadline) break;
    // As a rule, memory ran out. Whatever the error is, a sample that meets it reports it.
    const timed = await timeSteps(model, evaluationOf(samples), deadline).catch(() => null);
    if (timed === null) break;
    const { seconds, warmUp } = timed;
    deadline = Math.min(deadline + 1000 * warmUp, began + milliseconds + MAX_WARM_UP_MS);
    const point = { samples, seconds };
    curve.push(point);
    if (last !== undefined && throughput(point) < MIN_RISE * throughput(last)) break;
  }
  return curve;
}

/** In seconds: the fastest run, and how much longer the first run took. */
interface StepTiming {
  readonly seconds: number;
  readonly warmUp: number;
}

async function timeSteps(model: Model, evaluation: Evaluation, deadline: number): Promise<StepTiming> {
  const run = async (): Promise<number> => {
    const began = performance.now();
    await model.denoise(evaluation);
    return (performance.now() - began) / 1000;
  };
  // The first run of a shape allocates memory, and on a GPU loads and compiles kernels: seconds, where a step takes milliseconds.
  const first = await run();
  let best = await run();
  const until = deadline + 1000 * Math.max(0, first - best);
  for (let i = 1; i < RUNS && performance.now() < until; i++) best = Math.min(best, await run());
  return { seconds: best, warmUp: Math.max(0, first - best) };
}

/** Typical evaluations: phrases of the vocabulary, noise, and three rows that continue two background rows for each sample. */
export function typicalEvaluations({ manifest }: Pick<Model, 'manifest'>): (samples: number) => Evaluation {
  const { prompts, vocabulary, latent, schedule } = manifest;
  const [product = prompts.nullProduct] = vocabulary.products;
  const [defect = prompts.normal] = vocabulary.defects;
  const phrases = [
    { defect: prompts.normal, product: null },
    { defect: prompts.normal, product },
    { defect, product: null },
  ].map((condition) => fillPrompts(prompts, condition));
  const noise = gaussianNoise(0, 0, latent.channels * latent.height * latent.width);
  return (samples) => {
    const each = <T>(values: (s: number) => readonly T[]): T[] =>
      Array.from({ length: samples }, (_, s) => values(s)).flat();
    return {
      latents: each(() => [noise]),
      timesteps: each(() => [schedule.numTrainTimesteps >> 1]),
      adapters: each(() => [null]),
      turbo: each(() => [null]),
      backgroundSample: each((s) => [s, s]),
      background: each(() => phrases.slice(0, 2).map((phrase) => phrase.background)),
      rowBackground: each((s) => [2 * s, 2 * s + 1, 2 * s]),
      defect: each(() => phrases.map((phrase) => phrase.defect)),
      fusion: each(() => phrases.map((phrase) => phrase.fusion)),
      maskRows: [],
    };
  };
}
