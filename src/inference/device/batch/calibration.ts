/**
 * The batch that pays, measured: a step is timed with 1, 2, 4 … samples until more of them are drawn no faster. On a CPU that is one
 * or two, on a GPU many; no table knows which.
 */
import type { CurvePoint, RowBudget } from '../../capacity.js';
import { ROWS_PER_SAMPLE } from '../../capacity.js';
import { gaussianNoise } from '../../method/noise.js';
import { fillPrompts } from '../../method/prompts.js';
import type { Evaluation } from '../model/evaluation.js';
import type { Model } from '../model/model.js';

const MOST_SAMPLES = 256;
/** Timed runs of each size, the best of which counts: what else the machine does can only add to it. */
const RUNS = 3;
/** Samples per second must rise by this for a larger batch to be tried. */
const RISE = 1.03;
/** The smallest batch within this of the best is taken: it is done sooner. */
const NEARLY = 0.95;
/** A step is quick that takes at most so many times as long as that of a single sample. */
const QUICK = 2;
/** For all sizes of one bundle. A denoiser that takes longer for one sample is given one at a time. */
export const CALIBRATION_MS = 2_000;
/** For all sizes of one bundle: loading and compiling what computes them. */
const MOST_PREPARING_MS = 30_000;

export function budgetOf(curve: readonly CurvePoint[]): RowBudget {
  const best = Math.max(...curve.map(throughput));
  const pays = curve.find((point) => throughput(point) >= NEARLY * best)?.samples ?? 1;
  const shortest = curve[0]?.seconds ?? 0;
  const quick = curve.findLast(({ samples, seconds }) => samples <= pays && seconds <= QUICK * shortest)?.samples ?? 1;
  return { rows: ROWS_PER_SAMPLE * pays, quickRows: ROWS_PER_SAMPLE * quick };
}

function throughput({ samples, seconds }: CurvePoint): number {
  return samples / seconds;
}

/** @param milliseconds after which nothing larger is tried; what the device takes to prepare for a size does not count. */
export async function measureStepCurve(model: Model, milliseconds: number): Promise<readonly CurvePoint[]> {
  const began = performance.now();
  let deadline = began + milliseconds;
  const evaluationOf = typicalEvaluations(model);
  const curve: CurvePoint[] = [];
  for (let samples = 1; samples <= MOST_SAMPLES; samples *= 2) {
    const last = curve.at(-1);
    // The next size takes about twice as long, and is run twice at least.
    if (last !== undefined && performance.now() + 4000 * last.seconds > deadline) break;
    // Out of memory, as a rule. Whatever it is, a draw that meets it says so.
    const timed = await timeSteps(model, evaluationOf(samples), deadline).catch(() => null);
    if (timed === null) break;
    const { seconds, warmUp } = timed;
    deadline = Math.min(deadline + 1000 * warmUp, began + milliseconds + MOST_PREPARING_MS);
    const point = { samples, seconds };
    curve.push(point);
    if (last !== undefined && throughput(point) < RISE * throughput(last)) break;
  }
  return curve;
}

/** In seconds: of the best run, and how much longer the first one took. */
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
  // The first run of a shape allocates its memory, and on a GPU loads and compiles: seconds, where a step takes milliseconds.
  const first = await run();
  let best = await run();
  const until = deadline + 1000 * Math.max(0, first - best);
  for (let i = 1; i < RUNS && performance.now() < until; i++) best = Math.min(best, await run());
  return { seconds: best, warmUp: Math.max(0, first - best) };
}

/** Evaluations as drawing makes them: phrases of the vocabulary, noise, three rows over two backgrounds for each sample. */
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
      backgroundSample: each((s) => [s, s]),
      background: each(() => phrases.slice(0, 2).map((phrase) => phrase.background)),
      rowBackground: each((s) => [2 * s, 2 * s + 1, 2 * s]),
      defect: each(() => phrases.map((phrase) => phrase.defect)),
      fusion: each(() => phrases.map((phrase) => phrase.fusion)),
      maskRows: [],
    };
  };
}
