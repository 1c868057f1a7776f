/**
 * From mask features to a pixel mask: which evaluations count (t below the late timestep), the grey picture of the
 * decoded feature, and the iterative threshold that splits it.
 */

/** A threshold has settled when it moves by no more than this, on the scale −1 … 1. */
const TOLERANCE = 1e-4;
/** It moves monotonically through at most as many values as there are pixels' grey levels; real masks settle in under ten rounds. */
const MAXIMUM_ROUNDS = 1000;

/** Which of the visited timesteps give mask features: those with t < lateTimestep, and the last one in any case (method.md §3 N). */
export function isLateTimestep(timesteps: readonly number[], index: number, lateTimestep: number): boolean {
  return (timesteps[index] ?? Infinity) < lateTimestep || index === timesteps.length - 1;
}

/** A decoded mask feature [C,H,W] as grey: clamped to −1 … 1, the mean over the channels, [H·W]. */
export function toGrayscale(decoded: Float32Array, channels: number): Float64Array {
  const pixels = decoded.length / channels;
  const grey = new Float64Array(pixels);
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * pixels;
    for (let i = 0; i < pixels; i++)
      grey[i] = (grey[i] ?? 0) + Math.min(1, Math.max(-1, decoded[start + i] ?? 0)) / channels;
  }
  return grey;
}

/** The element-wise mean of pictures or features of one size. */
export function elementwiseMean(arrays: readonly ArrayLike<number>[]): Float64Array {
  const mean = new Float64Array(arrays[0]?.length ?? 0);
  for (const array of arrays) accumulateMean(mean, array, arrays.length);
  return mean;
}

/** Adds one array of `count` to their mean, in place. */
export function accumulateMean(mean: Float64Array, array: ArrayLike<number>, count: number): void {
  for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (array[i] ?? 0) / count;
}

/**
 * Ridler & Calvard 1978 (ISODATA): start at the mean, then T ← (mean(≥ T) + mean(< T)) / 2 until it settles.
 * The mean is kept between the extremes, so the upper class always has a member; where all values are equal the
 * lower one has none, and the value itself is the threshold.
 */
export function iterativeThreshold(values: ArrayLike<number>): number {
  const [low, high] = extremes(values);
  let threshold = Math.min(high, Math.max(low, averages(values, -Infinity).above ?? low));
  for (let round = 0; round < MAXIMUM_ROUNDS; round++) {
    const { above = high, below = above } = averages(values, threshold);
    const next = (above + below) / 2;
    const moved = Math.abs(next - threshold);
    threshold = Math.min(high, next);
    if (moved <= TOLERANCE) break;
  }
  return threshold;
}

/**
 * The mask, 1 where the grey picture (−1 … 1) is at or above its threshold. Two pictures are empty instead:
 * one whose brightest pixel stays below `minimumPeak` (0 … 255), for the threshold of an almost black picture splits its
 * noise and would call half of a flawless image defective (method.md §2.4); and one whose pixels differ by less than
 * that, in which nothing stands out (§3 O).
 */
export function thresholdMask(grey: Float64Array, minimumPeak: number): Uint8Array<ArrayBuffer> {
  const [low, peak] = extremes(grey);
  const levels = 255 / 2; // of grey per unit of −1 … 1
  if ((peak + 1) * levels < minimumPeak || (peak - low) * levels < minimumPeak) return new Uint8Array(grey.length);
  const threshold = iterativeThreshold(grey);
  const mask = new Uint8Array(grey.length);
  for (let i = 0; i < mask.length; i++) {
    const value = grey[i] ?? 0;
    mask[i] = value >= threshold && value > low ? 1 : 0;
  }
  return mask;
}

/**
 * How sure the mask module is of what it marks: the mean of the grey picture (−1 … 1) inside the mask, on the scale 0 … 1;
 * 0 where nothing is marked.
 */
export function maskConfidence(grey: Float64Array, mask: Uint8Array): number {
  let [sum, marked] = [0, 0];
  grey.forEach((value, i) => {
    if (mask[i] !== 1) return;
    sum += (value + 1) / 2;
    marked++;
  });
  return marked === 0 ? 0 : sum / marked;
}

/** The means of the values at or above the threshold and of those below it, where there are any. */
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
