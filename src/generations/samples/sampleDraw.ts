/** Seed and strength of each draw of a sample. A sample that is rejected is drawn again. */
import type { GenerationSettings, PhotographSettings } from '../../storage/jsonColumns.js';
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

/**
 * Which donor the n-th scene takes. Photographs and donors are both used in turn. When both begin anew, the donors are one further, so
 * that all pairs of the two come before any comes again.
 */
export function donorIndex(
  { references, transplant }: Pick<PhotographSettings, 'references' | 'transplant'>,
  scene: number,
): number {
  const donors = transplant?.donors.length ?? 0;
  const photographs = Math.max(1, references.length);
  const pairs = donors * photographs;
  const round = pairs / greatestCommonDivisor(donors, photographs);
  return (scene + Math.floor((scene % pairs) / round)) % donors;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
