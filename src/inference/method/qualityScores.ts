/** How well a defect shows, measured on the image against the one without the defect (the input image or the normal twin). */
import { bytesFrom, float64From } from './arrays.js';
import { FEATHER_SIGMA, MIN_VISIBLE_CHANGE } from './composition.js';
import { gaussianBlur, dilate } from './filters.js';

export interface QualityScores {
  /** Mean |change| inside the mask, 0 … 255. */
  readonly visibility: number;
  /** IoU of the mask with the pixels that changed at least half as much as the inside of the mask, 0 … 1. */
  readonly agreement: number;
  /** Mean |change| on the border of what changed, except where it is the mask's border, 0 … 255. A visible seam. */
  readonly seam: number;
  /** IoU of the mask with the region that was allowed to change; `null` if all pixels were. */
  readonly filling: number | null;
  /** ‖ε(d) − ε(g)‖ of the probe pass inside the region divided by outside; above 1 if it points there. `null` if nothing is outside. */
  readonly direction: number | null;
}

/** @param before, after bytes [H·W·3]. @param mask [H·W] of 0 and 1. */
export function computeScores(
  before: Uint8Array,
  after: Uint8Array,
  mask: Uint8Array,
  width: number,
): Pick<QualityScores, 'visibility' | 'agreement' | 'seam'> {
  const covered = mask.reduce((count, value) => count + value, 0);
  if (covered === 0) return { visibility: 0, agreement: 0, seam: 0 };
  const difference = (at: number): number => Math.abs((after[at] ?? 0) - (before[at] ?? 0));
  const change = float64From(
    mask.length,
    (i) => (difference(3 * i) + difference(3 * i + 1) + difference(3 * i + 2)) / 3,
  );
  const visibility = change.reduce((sum, value, i) => sum + value * (mask[i] ?? 0), 0) / covered;
  const least = Math.max(MIN_VISIBLE_CHANGE, visibility) / 2;
  let [both, either] = [0, 0];
  gaussianBlur(change, width, FEATHER_SIGMA).forEach((value, i) => {
    const [seen, marked] = [value >= least, mask[i] === 1];
    if (seen && marked) both++;
    if (seen || marked) either++;
  });
  return { visibility, agreement: both / either, seam: seamScore(change, mask, width) };
}

/** A border that the mask shares is the defect's own edge, which may be sharp. */
function seamScore(change: Float64Array, mask: Uint8Array, width: number): number {
  const untouched = bytesFrom(change.length, (i) => ((change[i] ?? 0) > 0 ? 0 : 1));
  const nearUntouched = dilate(untouched, width, 1);
  let [sum, count] = [0, 0];
  change.forEach((value, i) => {
    if (value <= 0 || mask[i] === 1 || nearUntouched[i] !== 1) return;
    sum += value;
    count++;
  });
  return count === 0 ? 0 : sum / count;
}
