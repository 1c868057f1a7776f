/** Turns a caller's input into a complete request: checks every value against its bounds and fills in every default. */
import { randomInt } from 'node:crypto';
import { requireCode } from '../../catalog/codes.js';
import type { Limits } from '../../config.js';
import { badInput } from '../../errors.js';
import type { Bundle, Coverage, SamplerName } from '../../inference/index.js';
import { stepBounds } from '../../inference/index.js';
import type { GenerationSettings } from '../../storage/jsonColumns.js';
import { requireText } from '../../validateText.js';
import type { Optional, Range } from '../../range.js';
import { requireInRange, requireLength } from '../../range.js';
import { SEED_LIMIT } from '../samples/sampleDraw.js';
import type { GenerationInput, StrengthInput } from './generationInput.js';
import { resolveQuality } from './resolveQuality.js';
import type { Harmonizing } from './resolveTransplant.js';
import { TRANSPLANT_STRENGTH } from './resolveTransplant.js';

const PRIORITY = { min: 0, max: 9 } as const;
const MAX_SWEEP = 20;

export interface ResolvedRequest {
  readonly count: number;
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly settings: Omit<GenerationSettings, 'product' | 'defect' | 'coverage' | 'photograph'>;
}

/** @param at The item's path in the request, such as `input[2]`, for error messages. */
export function validateTexts(input: GenerationInput, at: string): void {
  for (const field of ['partNumber', 'defectCode'] as const) requireCode(input[field], `${at}.${field}`);
  for (const field of ['model', 'idempotencyKey'] as const) {
    const value = input[field];
    if (value != null) requireText(value, `${at}.${field}`);
  }
}

interface RequestContext {
  readonly bundle: Bundle;
  /** "product/defect", in the words of the model's vocabulary. */
  readonly pair: string;
  readonly coverage: Coverage;
  /** Undefined unless the defect is transplanted. */
  readonly harmonizing: Harmonizing | undefined;
  readonly limits: Limits;
}

export function resolveRequest(
  input: GenerationInput,
  { bundle, pair, coverage, harmonizing, limits }: RequestContext,
  at: string,
): ResolvedRequest {
  const { defaults, schedule } = bundle.manifest;
  const onImage = input.reference != null;
  const sampler = input.sampler ?? defaults.sampler;
  const ranges = rangesFor(sampler, bundle, `${at}.sampler`);
  if (onImage && sampler === 'DDPM')
    throw badInput(`${at}.sampler`, 'must be DPM_SOLVER_PP, DDIM or TURBO to draw on a reference, is DDPM');
  if (onImage && harmonizing === undefined && bundle.manifest.components.image_encoder === undefined)
    throw badInput(`${at}.reference`, `model ${bundle.id} has no image encoder, so it cannot draw on an image`);
  const twin = input.twin ?? false;
  if (onImage && twin) throw badInput(`${at}.twin`, 'with a reference, what is drawn on is itself the twin');
  const possible = stepBounds(sampler, schedule.numTrainTimesteps);
  const steps = { min: Math.max(possible.min, ranges.steps.min), max: Math.min(possible.max, ranges.steps.max) };
  const strength =
    harmonizing === undefined
      ? resolveStrength(input.strength, defaults.strength, ranges.strength, at)
      : resolveStrength(input.strength, TRANSPLANT_STRENGTH.default, TRANSPLANT_STRENGTH, at);
  const strengths = strength.sweep?.length ?? 1;
  const max = Math.floor(limits.samplesPerGeneration / strengths);
  return {
    count: requireInRange(input.count ?? 1, { min: 1, max }, `${at}.count`) * strengths,
    priority: requireInRange(input.priority ?? PRIORITY.min, PRIORITY, `${at}.priority`),
    idempotencyKey: input.idempotencyKey ?? null,
    settings: {
      bundle: bundle.id,
      seed: requireInRange(input.seed ?? randomInt(SEED_LIMIT), { min: 0, max: SEED_LIMIT - 1 }, `${at}.seed`),
      ...strength,
      productScale: requireInRange(
        input.productScale ?? defaults.productScale,
        ranges.productScale,
        `${at}.productScale`,
      ),
      // Laying the defect onto the photograph is one step.
      steps:
        harmonizing?.denoisingStrength === 0 ? 1 : resolveSteps(input.steps, sampler, steps, bundle, `${at}.steps`),
      sampler,
      // An image shows the product, so the defect direction is measured on the product. A zero-shot pair has no such direction.
      guidance: input.guidance ?? (onImage && coverage === 'TRAINED' ? 'PRODUCT_RELATIVE' : defaults.guidance),
      maskMode: input.maskMode ?? 'AVERAGE_FEATURES',
      twin,
      ...(input.previews === true ? { previews: true } : {}),
      quality: resolveQuality(
        {
          quality: input.quality,
          onImage,
          twin,
          transplanted: harmonizing !== undefined,
          sweep: strength.sweep !== undefined,
        },
        bundle,
        pair,
        at,
      ),
    },
  };
}

/** The ranges of the model, or of its student. */
function rangesFor(sampler: SamplerName, { id, manifest }: Bundle, field: string): Bundle['manifest']['ranges'] {
  if (sampler !== 'TURBO') return manifest.ranges;
  if (manifest.turbo === undefined) throw badInput(field, `TURBO needs a student, which model ${id} does not have`);
  const { strength, productScale, steps } = manifest.turbo;
  return { strength, productScale, steps: { min: Math.min(...steps), max: Math.max(...steps) } };
}

/** Between its fewest and its most steps, a student has learnt few numbers alone. Its default is the middle one. */
function resolveSteps(
  given: Optional<number>,
  sampler: SamplerName,
  bounds: Range,
  { manifest: { defaults, turbo } }: Bundle,
  field: string,
): number {
  if (sampler !== 'TURBO' || turbo === undefined) return requireInRange(given ?? defaults.steps, bounds, field);
  const steps = requireInRange(given ?? turbo.steps[turbo.steps.length >> 1] ?? bounds.max, bounds, field);
  if (turbo.steps.includes(steps)) return steps;
  throw badInput(field, `must be ${turbo.steps.join(', ')} for TURBO, is ${String(steps)}`);
}

function resolveStrength(
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
  requireLength(sweep, { min: 2, max: MAX_SWEEP }, field, 'strengths');
  sweep.forEach((strength, i) => requireInRange(strength, bounds, `${field}[${String(i)}]`));
  return { strength: { min: Math.min(...sweep), max: Math.max(...sweep) }, sweep };
}
