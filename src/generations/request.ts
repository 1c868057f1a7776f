/** From what a caller asks to what is drawn: every value checked against its bound, every default filled in. */
import { createHash, randomInt } from 'node:crypto';
import type { Limits } from '../config.js';
import { badInput } from '../errors.js';
import type { Bundle, GuidanceName, MaskMode, SamplerName } from '../inference/index.js';
import { stepBounds } from '../inference/index.js';
import type { DrawSettings } from '../storage/records.js';
import { requireText } from '../text.js';

type Optional<T> = T | null | undefined;

/** One item of `generateDefects`, as it came. */
export interface GenerationInput {
  readonly partNumber: string;
  readonly defectCode: string;
  readonly count?: Optional<number>;
  readonly model?: Optional<string>;
  readonly strength?: Optional<StrengthRange>;
  readonly productScale?: Optional<number>;
  readonly seed?: Optional<number>;
  readonly steps?: Optional<number>;
  readonly sampler?: Optional<SamplerName>;
  readonly guidance?: Optional<GuidanceName>;
  readonly maskMode?: Optional<MaskMode>;
  readonly priority?: Optional<number>;
  readonly idempotencyKey?: Optional<string>;
}

export interface StrengthRange {
  readonly value?: Optional<number>;
  readonly min?: Optional<number>;
  readonly max?: Optional<number>;
}

export const SEED_LIMIT = 2 ** 31;
export const PRIORITY = { min: 0, max: 9 } as const;

export interface Order {
  readonly count: number;
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly settings: Omit<DrawSettings, 'product' | 'defect' | 'coverage'>;
}

/** `at` is the item's place in the request, "input[2]", for messages. */
export function checkTexts(input: GenerationInput, at: string): void {
  for (const field of ['partNumber', 'defectCode', 'model', 'idempotencyKey'] as const) {
    const value = input[field];
    if (value != null) requireText(value, `${at}.${field}`);
  }
}

export function resolveOrder(input: GenerationInput, bundle: Bundle, limits: Limits, at: string): Order {
  const { defaults, ranges, schedule } = bundle.manifest;
  const sampler = input.sampler ?? defaults.sampler;
  const possible = stepBounds(sampler, schedule.numTrainTimesteps);
  const steps = { min: Math.max(possible.min, ranges.steps.min), max: Math.min(possible.max, ranges.steps.max) };
  return {
    count: within(input.count ?? 1, { min: 1, max: limits.samplesPerGeneration }, `${at}.count`),
    priority: within(input.priority ?? PRIORITY.min, PRIORITY, `${at}.priority`),
    idempotencyKey: input.idempotencyKey ?? null,
    settings: {
      bundle: bundle.id,
      seed: within(input.seed ?? randomInt(SEED_LIMIT), { min: 0, max: SEED_LIMIT - 1 }, `${at}.seed`),
      strength: resolveStrength(input.strength, defaults.strength, ranges.strength, at),
      productScale: within(input.productScale ?? defaults.productScale, ranges.productScale, `${at}.productScale`),
      steps: within(input.steps ?? defaults.steps, steps, `${at}.steps`),
      sampler,
      guidance: input.guidance ?? defaults.guidance,
      maskMode: input.maskMode ?? 'AVERAGE_FEATURES',
    },
  };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function resolveStrength(input: Optional<StrengthRange>, fallback: number, bounds: Bounds, at: string): Bounds {
  const field = `${at}.strength`;
  if (input == null) return { min: fallback, max: fallback };
  const { value, min, max } = input;
  if (value != null && min == null && max == null) {
    const strength = within(value, bounds, field);
    return { min: strength, max: strength };
  }
  if (value != null || min == null || max == null) throw badInput(field, 'give either value, or both min and max');
  within(min, bounds, `${field}.min`);
  within(max, bounds, `${field}.max`);
  if (min > max) throw badInput(field, `min ${String(min)} is above max ${String(max)}`);
  return { min, max };
}

function within(value: number, { min, max }: Bounds, field: string): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw badInput(field, `${String(value)} is out of range ${String(min)} … ${String(max)}`);
}

/** The same for the same wishes, whatever the order of fields, and whether a null is written or left out. */
export function hashOf(input: GenerationInput): string {
  return createHash('sha256').update(canonical(input)).digest('hex');
}

function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}

/** Spread evenly: sample 0 has the lowest strength, the last one the highest. */
export function strengthOf({ strength }: DrawSettings, index: number, count: number): number {
  if (count === 1) return strength.min;
  return strength.min + ((strength.max - strength.min) * index) / (count - 1);
}

export function seedOf({ seed }: DrawSettings, index: number): number {
  return (seed + index) % SEED_LIMIT;
}
