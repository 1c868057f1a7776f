/**
 * From mask features to a pixel mask: which evaluations count (t below the late timestep), the grayscale image of the decoded feature
 * (the soft mask), and the iterative threshold that makes it binary.
 */

/** The threshold has converged when it moves by no more than this, on the scale −1 … 1. */
const TOLERANCE = 1e-4;
/** The threshold moves monotonically, at most once per gray level. Real masks converge in under ten rounds. */
const MAX_ROUNDS = 1000;

/** Whether a visited timestep gives mask features: if t < lateTimestep, and always for the last one. */
export function isLateTimestep(timesteps: readonly number[], index: number, lateTimestep: number): boolean {
  return (timesteps[index] ?? Infinity) < lateTimestep || index === timesteps.length - 1;
}

/** A decoded mask feature [C,H,W] as grayscale [H·W]: clamped to −1 … 1, the mean over the channels. */
export function toGrayscale(decoded: Float32Array, channels: number): Float64Array {
  const pixels = decoded.length / channels;
  const gray = new Float64Array(pixels);
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * pixels;
    for (let i = 0; i < pixels; i++)
      gray[i] = (gray[i] ?? 0) + Math.min(1, Math.max(-1, decoded[start + i] ?? 0)) / channels;
  }
  return gray;
}

/** The element-wise mean of images or features of one size. */
export function elementwiseMean(arrays: readonly ArrayLike<number>[]): Float64Array {
  const mean = new Float64Array(arrays[0]?.length ?? 0);
  for (const array of arrays) accumulateMean(mean, array, arrays.length);
  return mean;
}

/** Adds one of `count` arrays to their mean, in place. */
export function accumulateMean(mean: Float64Array, array: ArrayLike<number>, count: number): void {
  for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (array[i] ?? 0) / count;
}

/**
 * Ridler & Calvard 1978 (ISODATA): starts at the mean, then T ← (mean(≥ T) + mean(< T)) / 2 until it converges. The mean is kept
 * between the extremes, so the upper class is never empty. If all values are equal, the lower class is empty, and the value is the
 * threshold.
 */
export function iterativeThreshold(values: ArrayLike<number>): number {
  const [low, high] = extremes(values);
  let threshold = Math.min(high, Math.max(low, averages(values, -Infinity).above ?? low));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { above = high, below = above } = averages(values, threshold);
    const next = (above + below) / 2;
    const moved = Math.abs(next - threshold);
    threshold = Math.min(high, next);
    if (moved <= TOLERANCE) break;
  }
  return threshold;
}

/**
 * The mask: 1 where the soft mask (−1 … 1) is at or above its threshold. The mask is empty if the brightest pixel is below `minimumPeak`
 * (0 … 255), because the threshold of an almost black image splits its noise and would mark half of a flawless image. It is also empty
 * if the pixels differ by less than that, because then nothing stands out.
 */
export function thresholdMask(softMask: Float64Array, minimumPeak: number): Uint8Array<ArrayBuffer> {
  const [low, peak] = extremes(softMask);
  const levels = 255 / 2; // gray levels per unit of −1 … 1
  if ((peak + 1) * levels < minimumPeak || (peak - low) * levels < minimumPeak) return new Uint8Array(softMask.length);
  const threshold = iterativeThreshold(softMask);
  const mask = new Uint8Array(softMask.length);
  for (let i = 0; i < mask.length; i++) {
    const value = softMask[i] ?? 0;
    mask[i] = value >= threshold && value > low ? 1 : 0;
  }
  return mask;
}

/** How certain the mask module is: the mean of the soft mask (−1 … 1) inside the mask, on the scale 0 … 1; 0 for an empty mask. */
export function maskConfidence(softMask: Float64Array, mask: Uint8Array): number {
  let [sum, marked] = [0, 0];
  softMask.forEach((value, i) => {
    if (mask[i] !== 1) return;
    sum += (value + 1) / 2;
    marked++;
  });
  return marked === 0 ? 0 : sum / marked;
}

/**
 * The pixels that are neither clearly in the mask nor clearly out of it: between the thresholds halfway from the middle to the mean of the
 * soft mask (−1 … 1) on either side. None for an empty or a full mask.
 */
export function uncertainBorder(softMask: Float64Array, mask: Uint8Array): Uint8Array<ArrayBuffer> {
  const meanWhere = (membership: 0 | 1): number => {
    const values = softMask.filter((_, i) => mask[i] === membership);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const [inside, outside] = [meanWhere(1), meanWhere(0)];
  const quarter = (inside - outside) / 4;
  // Without an inside or an outside, the bounds are not numbers, and no value lies between them.
  return Uint8Array.from(softMask, (value) => (value >= outside + quarter && value < inside - quarter ? 1 : 0));
}

/** The means of the values at or above the threshold and of those below it, if there are any. */
function averages(values: ArrayLike<number>, threshold: number): { above?: number; below?: number } {
  let [sumAbove, countAbove, sumBelow, countBelow] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value >= threshold) {
      sumAbove += value;
      countAbove++;
    } else {
      sumBelow += value;
      countBelow++;
    }
  }
  return {
    ...(countAbove > 0 ? { above: sumAbove / countAbove } : {}),
    ...(countBelow > 0 ? { below: sumBelow / countBelow } : {}),
  };
}

function extremes(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i] ?? low);
    high = Math.max(high, values[i] ?? high);
  }
  return [low, high];
}
