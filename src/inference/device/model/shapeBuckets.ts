/**
 * How many samples, rows and pictures a graph is given at a time. A GPU's runtime prepares for each size: cuDNN's plan of a
 * convolution is for one, and as far as is known onnxruntime keeps the last alone, so that any other size, met before or not, takes as long as
 * many steps do (docs/devices.md). There the sizes are few, a larger one is kept while little is computed in vain, and what the padding gives is thrown away.
 */
import type { CurvePoint } from '../../capacity.js';
import { ROWS_PER_SAMPLE } from '../../capacity.js';
import type { Evaluation } from './evaluation.js';

/** How a device wants its sizes. */
export interface BucketPolicy {
  /** Elements computed in vain, over calls in a row, before a smaller size is taken. */
  readonly patience: number;
  /** Samples of the smallest sizes, the fewest first; every size beyond them. @default none */
  readonly coarse?: readonly number[];
}

/**
 * Where four times as many samples take at most twice as long, nothing between is worth a size of its own.
 * @param most samples of an evaluation
 */
export function coarseBuckets(curve: readonly CurvePoint[], most: number): number[] {
  const coarse: number[] = [];
  let [last] = curve;
  while (last !== undefined) {
    const { samples, seconds } = last;
    last = curve.findLast((next) => next.samples >= 4 * samples && next.samples <= most && next.seconds <= 2 * seconds);
    if (last !== undefined) coarse.push(last.samples);
  }
  return coarse;
}

/** The least 2ⁿ or 3 · 2ⁿ that is no less; so at most half of what is computed is in vain. */
export function bucketFor(count: number): number {
  let size = 1;
  while (size < count) size *= 2;
  return 0.75 * size >= count && size > 2 ? 0.75 * size : size;
}

/** The largest of these sizes that is no more. */
export function largestBucketWithin(count: number): number {
  let size = 1;
  while (2 * size <= count) size *= 2;
  return 1.5 * size <= count && size > 1 ? 1.5 * size : size;
}

/** One dimension of a graph from call to call. */
export interface BucketedDimension {
  /** The size to pad to. */
  bucketOf(count: number): number;
  /** The size that was taken last was too large for the memory. */
  forget(): void;
}

/**
 * @param rule `null`: every count is a size.
 * @param each how many elements a sample has as a rule
 */
export function createBucketedDimension(rule: BucketPolicy | null, each = 1): BucketedDimension {
  let coarse = (rule?.coarse ?? []).map((samples) => each * samples);
  let last = 0;
  let spare = 0;
  let needed = 0;

  const take = (size: number): number => {
    last = size;
    spare = needed = 0;
    return size;
  };

  return {
    bucketOf(count) {
      if (rule === null) return count;
      const size = coarse.find((one) => one >= count) ?? bucketFor(count);
      if (size >= last) return take(size);
      needed = Math.max(needed, size);
      spare += last - size;
      return spare > rule.patience ? take(needed) : last;
    },
    forget() {
      coarse = coarse.filter((size) => size < last);
      take(0);
    },
  };
}

/** With the last one again and again. */
export function padToLength<T>(values: readonly T[], size: number): readonly T[] {
  const [last] = values.slice(-1);
  return last === undefined || size <= values.length
    ? values
    : [...values, ...Array<T>(size - values.length).fill(last)];
}

/** Those of Eq. 4. */
const BACKGROUNDS_PER_SAMPLE = 2;

/** The dimensions of the denoiser. */
export interface EvaluationBuckets {
  pad(evaluation: Evaluation): Evaluation;
  forget(): void;
}

export function createEvaluationBuckets(rule: BucketPolicy | null): EvaluationBuckets {
  const samples = createBucketedDimension(rule);
  const backgrounds = createBucketedDimension(rule, BACKGROUNDS_PER_SAMPLE);
  const rows = createBucketedDimension(rule, ROWS_PER_SAMPLE);
  return {
    pad(evaluation) {
      if (rule === null) return evaluation;
      const { latents, timesteps, backgroundSample, background, rowBackground, defect, fusion, maskRows } = evaluation;
      const [b, u, r] = [
        samples.bucketOf(latents.length),
        backgrounds.bucketOf(background.length),
        rows.bucketOf(rowBackground.length),
      ];
      return {
        latents: padToLength(latents, b),
        timesteps: padToLength(timesteps, b),
        backgroundSample: padToLength(backgroundSample, u),
        background: padToLength(background, u),
        rowBackground: padToLength(rowBackground, r),
        defect: padToLength(defect, r),
        fusion: padToLength(fusion, r),
        // As many as samples, of which each asks for one at most: how many want theirs now changes at every step. Also where nobody does, for
        // tensors without an element are a CPU's affair.
        maskRows: padToLength(maskRows.length === 0 ? [0] : maskRows, b),
      };
    },
    forget() {
      for (const dimension of [samples, backgrounds, rows]) dimension.forget();
    },
  };
}
