/**
 * Pads the number of samples, rows, and images of a graph's inputs to few bucket sizes. A GPU runtime prepares for each size: a convolution
 * plan of cuDNN is for one size, and onnxruntime seems to keep only the last plan, so any change of the size takes as long as many steps
 * (docs/devices.md). A larger size is kept while it wastes little, and the outputs of the padding are discarded.
 */
import type { CurvePoint } from '../../capacity.js';
import { ROWS_PER_SAMPLE } from '../../capacity.js';
import type { Evaluation } from './evaluation.js';

/** The bucket sizes of a device. */
export interface BucketPolicy {
  /** The number of wasted elements, over consecutive calls, before a smaller size is used. */
  readonly patience: number;
  /** The smallest sizes in samples, in ascending order. Above the last one, every bucket size is used. @default none */
  readonly coarse?: readonly number[];
}

/**
 * If four times as many samples take at most twice as long, the sizes between are left out.
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

/** The smallest 2ⁿ or 3 · 2ⁿ that is not below the count, so at most half of the elements are wasted. */
export function bucketFor(count: number): number {
  let size = 1;
  while (size < count) size *= 2;
  return 0.75 * size >= count && size > 2 ? 0.75 * size : size;
}

/** The largest of these sizes that is not above the count. */
export function largestBucketWithin(count: number): number {
  let size = 1;
  while (2 * size <= count) size *= 2;
  return 1.5 * size <= count && size > 1 ? 1.5 * size : size;
}

/** The bucket size of one dimension of a graph, from call to call. */
export interface BucketedDimension {
  /** The size to pad this count to. */
  bucketOf(count: number): number;
  /** Called if the last size did not fit into memory. */
  forget(): void;
}

/**
 * @param policy `null`: every count is a size
 * @param perSample the usual number of elements of a sample
 */
export function createBucketedDimension(policy: BucketPolicy | null, perSample = 1): BucketedDimension {
  let coarse = (policy?.coarse ?? []).map((samples) => perSample * samples);
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
      if (policy === null) return count;
      const size = coarse.find((one) => one >= count) ?? bucketFor(count);
      if (size >= last) return take(size);
      needed = Math.max(needed, size);
      spare += last - size;
      return spare > policy.patience ? take(needed) : last;
    },
    forget() {
      coarse = coarse.filter((size) => size < last);
      take(0);
    },
  };
}

/** Repeats the last value. */
export function padToLength<T>(values: readonly T[], size: number): readonly T[] {
  const [last] = values.slice(-1);
  return last === undefined || size <= values.length
    ? values
    : [...values, ...Array<T>(size - values.length).fill(last)];
}

/** The background rows of Eq. 4. */
const BACKGROUNDS_PER_SAMPLE = 2;

/** The padded dimensions of the denoiser. */
export interface EvaluationBuckets {
  pad(evaluation: Evaluation): Evaluation;
  forget(): void;
}

export function createEvaluationBuckets(policy: BucketPolicy | null): EvaluationBuckets {
  const samples = createBucketedDimension(policy);
  const backgrounds = createBucketedDimension(policy, BACKGROUNDS_PER_SAMPLE);
  const rows = createBucketedDimension(policy, ROWS_PER_SAMPLE);
  return {
    pad(evaluation) {
      if (policy === null) return evaluation;
      const { latents, timesteps, adapters, turbo, backgroundSample, background } = evaluation;
      const { rowBackground, defect, fusion, maskRows } = evaluation;
      const [b, u, r] = [
        samples.bucketOf(latents.length),
        backgrounds.bucketOf(background.length),
        rows.bucketOf(rowBackground.length),
      ];
      return {
        latents: padToLength(latents, b),
        timesteps: padToLength(timesteps, b),
        adapters: padToLength(adapters, b),
        turbo: padToLength(turbo, b),
        backgroundSample: padToLength(backgroundSample, u),
        background: padToLength(background, u),
        rowBackground: padToLength(rowBackground, r),
        defect: padToLength(defect, r),
        fusion: padToLength(fusion, r),
        // As many as samples, because each requests one mask row at most, and the number of requests changes at every step. At least one,
        // because only a CPU accepts empty tensors.
        maskRows: padToLength(maskRows.length === 0 ? [0] : maskRows, b),
      };
    },
    forget() {
      for (const dimension of [samples, backgrounds, rows]) dimension.forget();
    },
  };
}
