/** Which strength and seed each sample of a generation has. */
import { badInput } from '../errors.js';
import type { GenerationSettings } from '../storage/jsonColumns.js';
import type { Range, Optional } from '../range.js';
import { requireInRange } from '../range.js';

export interface StrengthInput {
  readonly value?: Optional<number>;
  readonly min?: Optional<number>;
  readonly max?: Optional<number>;
  readonly sweep?: Optional<readonly number[]>;
}

export const SEED_LIMIT = 2 ** 31;
const MAX_SWEEP = 20;

export function resolveStrength(
  input: Optional<StrengthInput>,
  fallback: number,
  bounds: Range,
  at: string,
): Pick<GenerationSettings, 'strength' | 'sweep'> {
  const field = `${at}.strength`;
  const { value, min, max, sweep } = input ?? {};
  if (input == null) return { strength: { min: fallback, max: fallback } };
  const given = [value, min ?? max, sweep].filter((part) => part != null).length;
  if (given !== 1 || (min == null) !== (max == null)) throw badInput(field, 'give one of value, min and max, or sweep');
  if (sweep != null) return { ...resolveSweep(sweep, bounds, `${field}.sweep`) };
  if (value != null) {
    const strength = requireInRange(value, bounds, field);
    return { strength: { min: strength, max: strength } };
  }
  const range = { min: min ?? 0, max: max ?? 0 };
  requireInRange(range.min, bounds, `${field}.min`);
  requireInRange(range.max, bounds, `${field}.max`);
  if (range.min > range.max) throw badInput(field, `min ${String(range.min)} is above max ${String(range.max)}`);
  return { strength: range };
}

function resolveSweep(
  sweep: readonly number[],
  bounds: Range,
  field: string,
): Pick<GenerationSettings, 'strength' | 'sweep'> {
  if (sweep.length < 2 || sweep.length > MAX_SWEEP)
    throw badInput(field, `must have 2 … ${String(MAX_SWEEP)} strengths, has ${String(sweep.length)}`);
  sweep.forEach((strength, i) => requireInRange(strength, bounds, `${field}[${String(i)}]`));
  return { strength: { min: Math.min(...sweep), max: Math.max(...sweep) }, sweep };
}

/** Of a sweep, the sweep's, row after row; else spread evenly: sample 0 has the lowest strength, the last one the highest. */
export function strengthOf({ strength, sweep }: GenerationSettings, index: number, count: number): number {
  if (sweep != null) return sweep[index % sweep.length] ?? strength.min;
  if (count === 1) return strength.min;
  return strength.min + ((strength.max - strength.min) * index) / (count - 1);
}

/** The samples of a sweep's row are one picture at several strengths: they share seed and photograph. */
export function sweepRowOf({ sweep }: GenerationSettings, index: number): number {
  return sweep == null ? index : Math.floor(index / sweep.length);
}

/** A rejected sample is drawn again with the next seed that no other sample of the generation has. */
export function seedOf(settings: GenerationSettings, index: number, draw: number, count: number): number {
  return (settings.seed + sweepRowOf(settings, index) + (draw - 1) * count) % SEED_LIMIT;
}
