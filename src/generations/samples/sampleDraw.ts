/** Seed and strength of each draw of a sample. A sample that is rejected is drawn again. */
import type { GenerationSettings } from '../../storage/jsonColumns.js';
import type { GenerationRow } from '../../storage/tables.js';

export const SEED_LIMIT = 2 ** 31;

export interface SampleDraw {
  readonly index: number;
  /** 1 for the first draw of the sample. */
  readonly draw: number;
  readonly seed: number;
  readonly strength: number;
}

/** A rejected sample is drawn again with the next seed that no other sample of the generation uses. */
export function sampleDraw({ settings, count }: GenerationRow, index: number, draw: number): SampleDraw {
  const seed = (settings.seed + sweepRow(settings, index) + (draw - 1) * count) % SEED_LIMIT;
  return { index, draw, seed, strength: strengthOf(settings, index, count) };
}

/**
 * In a sweep, each row of samples goes through the strengths of the sweep. Otherwise the strengths are spread evenly: sample 0 has the
 * lowest and the last sample the highest.
 */
function strengthOf({ strength, sweep }: GenerationSettings, index: number, count: number): number {
  if (sweep != null) return sweep[index % sweep.length] ?? strength.min;
  if (count === 1) return strength.min;
  return strength.min + ((strength.max - strength.min) * index) / (count - 1);
}

/** The samples in a row of a sweep are one scene at several strengths: they share seed and input image. */
export function sweepRow({ sweep }: GenerationSettings, index: number): number {
  return sweep == null ? index : Math.floor(index / sweep.length);
}
