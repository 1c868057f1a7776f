/** From what a caller asks to what is drawn: every value checked against its bound, every default filled in. */
import { createHash, randomInt } from 'node:crypto';
import type { Limits } from '../../config.js';
import { badInput } from '../../errors.js';
import type { Bundle, GuidanceName, MaskMode, SamplerName } from '../../inference/index.js';
import { stepBounds } from '../../inference/index.js';
import type { GenerationSettings } from '../../storage/jsonColumns.js';
import { requireText } from '../../validateText.js';
import type { Optional } from '../../range.js';
import { requireInRange } from '../../range.js';
import type { OnPhotographInput } from './generationInput.js';
import type { QualityInput } from '../qualityPolicy.js';
import { resolveQuality } from '../qualityPolicy.js';
import type { StrengthInput } from '../sampleParameters.js';
import { SEED_LIMIT, resolveStrength } from '../sampleParameters.js';

/** One item of `generateDefects`, as it came. */
export interface GenerationInput extends OnPhotographInput {
  readonly partNumber: string;
  readonly defectCode: string;
  readonly count?: Optional<number>;
  readonly model?: Optional<string>;
  readonly strength?: Optional<StrengthInput>;
  readonly productScale?: Optional<number>;
  readonly seed?: Optional<number>;
  readonly steps?: Optional<number>;
  readonly sampler?: Optional<SamplerName>;
  readonly guidance?: Optional<GuidanceName>;
  readonly maskMode?: Optional<MaskMode>;
  readonly priority?: Optional<number>;
  readonly idempotencyKey?: Optional<string>;
  /** Also draws the normal twin of each sample from noise. */
  readonly twin?: Optional<boolean>;
  readonly quality?: Optional<QualityInput>;
}

const PRIORITY = { min: 0, max: 9 } as const;

export interface ResolvedRequest {
  readonly count: number;
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly settings: Omit<GenerationSettings, 'product' | 'defect' | 'coverage' | 'photograph'>;
}

/** `at` is the item's place in the request, "input[2]", for messages. */
export function validateTexts(input: GenerationInput, at: string): void {
  for (const field of ['partNumber', 'defectCode', 'model', 'idempotencyKey'] as const) {
    const value = input[field];
    if (value != null) requireText(value, `${at}.${field}`);
  }
}

interface RequestContext {
  readonly bundle: Bundle;
  /** "product/defect", in the words that the model reads. */
  readonly pair: string;
  readonly coverage: 'TRAINED' | 'ZERO_SHOT';
  readonly limits: Limits;
}

export function resolveRequest(
  input: GenerationInput,
  { bundle, pair, coverage, limits }: RequestContext,
  at: string,
): ResolvedRequest {
  const { defaults, ranges, schedule } = bundle.manifest;
  const onPicture = input.reference != null;
  const sampler = input.sampler ?? defaults.sampler;
  if (onPicture && sampler === 'DDPM')
    throw badInput(`${at}.sampler`, 'must be DPM_SOLVER_PP or DDIM to draw on a reference, is DDPM');
  if (onPicture && bundle.manifest.components.image_encoder === undefined)
    throw badInput(`${at}.reference`, `model ${bundle.id} has no image encoder, so it cannot draw on a picture`);
  const twin = input.twin ?? false;
  if (onPicture && twin) throw badInput(`${at}.twin`, 'with a reference, what is drawn on is itself the twin');
  const possible = stepBounds(sampler, schedule.numTrainTimesteps);
  const steps = { min: Math.max(possible.min, ranges.steps.min), max: Math.min(possible.max, ranges.steps.max) };
  const strength = resolveStrength(input.strength, defaults.strength, ranges.strength, at);
  const pictures = strength.sweep?.length ?? 1;
  const most = Math.floor(limits.samplesPerGeneration / pictures);
  return {
    count: requireInRange(input.count ?? 1, { min: 1, max: most }, `${at}.count`) * pictures,
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
      steps: requireInRange(input.steps ?? defaults.steps, steps, `${at}.steps`),
      sampler,
      // A picture shows the product, so the defect is measured on it; of a pair never seen together there is no such direction.
      guidance: input.guidance ?? (onPicture && coverage === 'TRAINED' ? 'PRODUCT_RELATIVE' : defaults.guidance),
      maskMode: input.maskMode ?? 'AVERAGE_FEATURES',
      twin,
      quality: resolveQuality(
        { quality: input.quality, onImage: onPicture, twin, sweep: strength.sweep !== undefined },
        bundle,
        pair,
        at,
      ),
    },
  };
}

/** The same for the same wishes, whatever the order of fields, and whether a null is written or left out. */
export function inputHash(input: object): string {
  return createHash('sha256').update(canonical(input)).digest('hex');
}

function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
