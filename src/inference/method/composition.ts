/**
 * Turns what the model drew into a change of the input image. The image is not replaced: D = decode(x_0) − decode(E(image)) is added to it
 * where the detected mask lies, so its grain, which no latent holds, stays. A slow drift of D (a region that came out lighter all over)
 * is subtracted first. Reference: training/defectdiffu/sampling/composition.py.
 *
 * Everything is one window of the model's size, `size`×`size`, planes row-major.
 */
import { bytesFrom, float64From } from './arrays.js';
import { closeAndFill, dilate, gaussianBlur } from './filters.js';
import { iterativeThreshold, thresholdMask } from './maskThreshold.js';
import { roundHalfToEven } from './rounding.js';

/** In pixels (standard deviation). Drift is what changes more slowly than this. */
const DRIFT_SIGMA = 8;
/** In pixels. The mask module's mask is dilated by this to search for the change. */
const SEARCH_MARGIN = 3;
/** In pixels. Gaps and notches up to twice as wide do not interrupt an outline. */
const CLOSING = 2;
/** In pixels. Drawn defects are marked smaller than real ones. */
const OUTSET = 1;
/** In pixels (standard deviation). */
export const FEATHER_SIGMA = 1;
/** Out of 255. A smaller change is not visible. */
export const MIN_VISIBLE_CHANGE = 4;

/**
 * What the mask of an inpainting sample marks. `CHANGE`: the pixels that changed most. `OUTLINE`: the defect within its outline, as the
 * annotators of the training photographs marked it.
 */
export type MaskConvention = 'CHANGE' | 'OUTLINE';

export interface Change {
  /** What is added to each color, −255 … 255, at full opacity; three planes. */
  readonly colors: readonly [Float64Array, Float64Array, Float64Array];
  /** 0 … 1; 0 outside the region */
  readonly opacity: Float64Array;
  /** The detected mask: the mask module's mask within the region, reduced or extended to what changed, or its outline. */
  readonly mask: Uint8Array;
  /** What visibly changed and is not in the mask: neither defect nor normal. */
  readonly ignore: Uint8Array;
}

/**
 * The convention decides how much of the change is shown, too.
 * @param drawn, reconstruction [3,H,W] in about −1 … 1 @param softMask [H·W] in −1 … 1
 * @returns `null` if no defect was detected
 */
export function extractChange(
  drawn: Float32Array,
  reconstruction: Float32Array,
  softMask: Float64Array,
  region: Uint8Array,
  size: number,
  minimumPeak: number,
  convention: MaskConvention = 'CHANGE',
): Change | null {
  const found = thresholdWithin(softMask, region, minimumPeak);
  if (found === null) return null;
  const isOutline = convention === 'OUTLINE';
  const marked = isOutline ? outlineOf(found, region, size) : found;
  const searched = intersect(dilate(marked, size, SEARCH_MARGIN), region);
  const unmarked = float64From(searched.length, (i) => (region[i] === 1 && searched[i] === 0 ? 1 : 0));
  const weight = gaussianBlur(unmarked, size, DRIFT_SIGMA);
  const colorChange = (channel: number): Float64Array => {
    const start = channel * size * size;
    const change = float64From(region.length, (i) =>
      region[i] === 0 ? 0 : ((drawn[start + i] ?? 0) - (reconstruction[start + i] ?? 0)) * 127.5,
    );
    const unmarkedChange = float64From(change.length, (i) => (change[i] ?? 0) * (unmarked[i] ?? 0));
    const drift = gaussianBlur(unmarkedChange, size, DRIFT_SIGMA);
    return float64From(change.length, (i) => (change[i] ?? 0) - (drift[i] ?? 0) / ((weight[i] ?? 0) + 1e-6));
  };
  const colors = [colorChange(0), colorChange(1), colorChange(2)] as const;
  const magnitude = gaussianBlur(meanAbsolute(colors), size, FEATHER_SIGMA);
  const detected = isOutline ? marked : strongest(searched, magnitude);
  const feathered = gaussianBlur(new Float64Array(dilate(detected, size, 2)), size, FEATHER_SIGMA);
  const inner = innerWeight(region, size);
  const opacity = float64From(size * size, (i) => (region[i] === 0 ? 0 : Math.min(feathered[i] ?? 0, inner[i] ?? 0)));
  // A change with little opacity is not visible.
  const visible = bytesFrom(size * size, (i) =>
    detected[i] === 1 && (opacity[i] ?? 0) * (magnitude[i] ?? 0) >= MIN_VISIBLE_CHANGE ? 1 : 0,
  );
  const mask = isOutline ? intersect(closeAndFill(visible, size, CLOSING), detected) : visible;
  if (!mask.includes(1)) return null;
  const means = meanAbsolute(colors);
  const ignore = bytesFrom(size * size, (i) =>
    mask[i] === 0 && (opacity[i] ?? 0) * (means[i] ?? 0) >= MIN_VISIBLE_CHANGE ? 1 : 0,
  );
  return { colors, opacity, mask, ignore };
}

/** Without narrow gaps and holes, and a little larger. */
function outlineOf(found: Uint8Array, region: Uint8Array, size: number): Uint8Array {
  return intersect(dilate(intersect(closeAndFill(found, size, CLOSING), region), size, OUTSET), region);
}

/** The searched pixels that changed most. */
function strongest(searched: Uint8Array, magnitude: Float64Array): Uint8Array {
  const threshold = Math.max(MIN_VISIBLE_CHANGE, iterativeThreshold(magnitude.filter((_, i) => searched[i] === 1)));
  return bytesFrom(searched.length, (i) => (searched[i] === 1 && (magnitude[i] ?? 0) >= threshold ? 1 : 0));
}

function intersect(a: Uint8Array, b: Uint8Array): Uint8Array {
  return bytesFrom(a.length, (i) => (a[i] ?? 0) & (b[i] ?? 0));
}

/**
 * 1 well inside the region, falling off softly towards its border (squared), 0 outside. The maximum is 1 even if the region is only a
 * line or a dot.
 */
export function innerWeight(region: Uint8Array, size: number): Float64Array {
  const blurred = gaussianBlur(new Float64Array(region), size, FEATHER_SIGMA);
  const soft = float64From(region.length, (i) => (region[i] === 1 ? (blurred[i] ?? 0) : 0));
  const squared = float64From(region.length, (i) => Math.max(0, 2 * (soft[i] ?? 0) - 1) ** 2);
  const inner = squared.some((value) => value > 0) ? squared : soft;
  const peak = inner.reduce((most, value) => Math.max(most, value), 0);
  return inner.map((value) => value / peak);
}

/** The mask module's mask, by the iterative threshold over the region's pixels; `null` if it is empty. */
function thresholdWithin(softMask: Float64Array, region: Uint8Array, minimumPeak: number): Uint8Array | null {
  const marked = thresholdMask(
    softMask.filter((_, i) => region[i] === 1),
    minimumPeak,
  );
  if (!marked.includes(1)) return null;
  let next = 0;
  return region.map((inside) => (inside === 1 ? (marked[next++] ?? 0) : 0));
}

/** Bytes [H·W·3] with the change added, rounded like numpy does. */
export function applyChange(
  rgb: Uint8Array,
  { colors, opacity }: Pick<Change, 'colors' | 'opacity'>,
): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(rgb);
  for (const [channel, plane] of colors.entries()) {
    for (let i = 0; i < opacity.length; i++) {
      const alpha = opacity[i] ?? 0;
      if (alpha === 0) continue;
      const value = (rgb[3 * i + channel] ?? 0) + alpha * (plane[i] ?? 0);
      changed[3 * i + channel] = roundHalfToEven(Math.min(255, Math.max(0, value)));
    }
  }
  return changed;
}

function meanAbsolute(planes: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(planes[0]?.length ?? 0);
  for (const plane of planes)
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + Math.abs(plane[i] ?? 0) / planes.length;
  return mean;
}
