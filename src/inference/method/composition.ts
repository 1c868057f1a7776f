/**
 * From what the model drew to a photograph with a defect. The photograph is not replaced: D = decode(x_0) − decode(E(photograph))
 * is added to it where the found mask lies, so that its grain, which no latent holds, stays. A slow drift of D (a region that
 * came out lighter all over) is subtracted first. Reference: training/defectdiffu/sampling/composition.py.
 *
 * Everything is one window of the model's size, `size`×`size`, planes row-major.
 */
import { gaussianBlur, dilate } from './filters.js';
import { thresholdMask, iterativeThreshold } from './maskThreshold.js';
import { roundHalfToEven } from './rounding.js';

/** Pixels (standard deviation): what changes more slowly than this is drift. */
const SLOW = 8;
/** Pixels that the mask module's mask is widened by, to look for the change in. */
const WIDE = 3;
/** Pixels (standard deviation) */
export const FEATHER = 1;
/** Of 255: less is not seen. */
export const LEAST_CHANGE = 4;

export interface Change {
  /** What is added to each colour, −255 … 255, at full opacity; three planes. */
  readonly colours: readonly [Float64Array, Float64Array, Float64Array];
  /** 0 … 1; 0 outside the region */
  readonly opacity: Float64Array;
  /** The found mask: what the mask module marks within the region, cut down or grown to what changed. */
  readonly mask: Uint8Array;
}

/** @param drawn, kept [3,H,W] in about −1 … 1. @param soft [H·W] in −1 … 1. @returns `null` where no defect was found. */
export function extractChange(
  drawn: Float32Array,
  kept: Float32Array,
  soft: Float64Array,
  region: Uint8Array,
  size: number,
  minimumPeak: number,
): Change | null {
  const marked = markedIn(soft, region, minimumPeak);
  if (marked === null) return null;
  const wide = dilate(marked, size, WIDE).map((value, i) => value & (region[i] ?? 0));
  const quiet = Float64Array.from(wide, (value, i) => (region[i] === 1 && value === 0 ? 1 : 0));
  const weight = gaussianBlur(quiet, size, SLOW);
  const colour = (channel: number): Float64Array => {
    const start = channel * size * size;
    const change = Float64Array.from(region, (inside, i) =>
      inside === 0 ? 0 : ((drawn[start + i] ?? 0) - (kept[start + i] ?? 0)) * 127.5,
    );
    const slow = gaussianBlur(
      change.map((value, i) => value * (quiet[i] ?? 0)),
      size,
      SLOW,
    );
    return change.map((value, i) => value - (slow[i] ?? 0) / ((weight[i] ?? 0) + 1e-6));
  };
  const colours = [colour(0), colour(1), colour(2)] as const;
  const strength = gaussianBlur(meanAbsolute(colours), size, FEATHER);
  const threshold = Math.max(LEAST_CHANGE, iterativeThreshold(strength.filter((_, i) => wide[i] === 1)));
  const found = wide.map((value, i) => (value === 1 && (strength[i] ?? 0) >= threshold ? 1 : 0));
  const feathered = gaussianBlur(Float64Array.from(dilate(found, size, 2)), size, FEATHER);
  const inner = innerOf(region, size);
  const opacity = feathered.map((value, i) => (region[i] === 0 ? 0 : Math.min(value, inner[i] ?? 0)));
  // What is hardly added is not to be seen.
  const mask = found.map((value, i) => (value === 1 && (opacity[i] ?? 0) * (strength[i] ?? 0) >= LEAST_CHANGE ? 1 : 0));
  if (!mask.includes(1)) return null;
  return { colours, opacity, mask };
}

/**
 * 1 well inside the region, falling off softly towards its border (the square), 0 outside; its middle is 1 even where the region is
 * only a line or a dot.
 */
function innerOf(region: Uint8Array, size: number): Float64Array {
  const soft = gaussianBlur(Float64Array.from(region), size, FEATHER).map((value, i) => (region[i] === 1 ? value : 0));
  const squared = soft.map((value) => Math.max(0, 2 * value - 1) ** 2);
  const inner = squared.some((value) => value > 0) ? squared : soft;
  const peak = inner.reduce((most, value) => Math.max(most, value), 0);
  return inner.map((value) => value / peak);
}

/** The mask module's mask within the region, by the iterative threshold over the region's pixels; `null` where it shows nothing. */
function markedIn(soft: Float64Array, region: Uint8Array, minimumPeak: number): Uint8Array | null {
  const marked = thresholdMask(
    soft.filter((_, i) => region[i] === 1),
    minimumPeak,
  );
  if (!marked.includes(1)) return null;
  let next = 0;
  return region.map((inside) => (inside === 1 ? (marked[next++] ?? 0) : 0));
}

/** Bytes [H·W·3] with the change added, rounded as numpy does. */
export function applyChange(
  photograph: Uint8Array,
  { colours, opacity }: Pick<Change, 'colours' | 'opacity'>,
): Uint8Array<ArrayBuffer> {
  const image = Uint8Array.from(photograph);
  opacity.forEach((share, i) => {
    if (share === 0) return;
    colours.forEach((plane, channel) => {
      const value = (photograph[3 * i + channel] ?? 0) + share * (plane[i] ?? 0);
      image[3 * i + channel] = roundHalfToEven(Math.min(255, Math.max(0, value)));
    });
  });
  return image;
}

function meanAbsolute(planes: readonly Float64Array[]): Float64Array {
  return Float64Array.from(planes[0] ?? [], (_, i) =>
    planes.reduce((sum, plane) => sum + Math.abs(plane[i] ?? 0) / planes.length, 0),
  );
}
