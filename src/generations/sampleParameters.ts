/** The strength and the seed of each sample of a generation. */
import type { GenerationSettings } from '../storage/jsonColumns.js';

export const SEED_LIMIT = 2 ** 31;

/**
 * In a sweep, each row of samples goes through the strengths of the sweep. Otherwise the strengths are spread evenly: sample 0 has the
 * lowest and the last sample the highest.
 */
export function strengthOf({ strength, sweep }: GenerationSettings, index: number, count: number): number {
  if (sweep != null) return sweep[index % sweep.length] ?? strength.min;
  if (count === 1) return strength.min;
  return strength.min + ((strength.max - strength.min) * index) / (count - 1);
}

/** The samples in a row of a sweep are one scene at several strengths: they share seed and input image. */
export function sweepRowOf({ sweep }: GenerationSettings, index: number): number {
  return sweep == null ? index : Math.floor(index / sweep.length);
}

/**
 * A rejected sample is drawn again with the next seed that no other sample of the generation uses.
 * @param draw 1 for the first draw of the sample.
 */
export function seedOf(settings: GenerationSettings, index: number, draw: number, count: number): number {
  return (settings.seed + sweepRowOf(settings, index) + (draw - 1) * count) % SEED_LIMIT;
}
