import type {
  DrawChoicesQuery,
  GenerateDefectsInput,
  ReferencePartsFragment,
  RegionInput,
} from '../generated/graphql.ts';

export type Model = DrawChoicesQuery['models'][number];
export type Method = 'NOISE' | 'TWIN' | 'PHOTOGRAPH' | 'TRANSPLANT';

/** What the fields of the page say. */
export interface Choices {
  readonly partNumber: string;
  readonly defectCode: string;
  readonly method: Method;
  /** The photograph to draw on. */
  readonly onto?: ReferencePartsFragment | undefined;
  /** The defective photograph to take the defect from. */
  readonly donor?: ReferencePartsFragment | undefined;
  readonly region?: RegionInput | undefined;
  readonly allowedArea?: { readonly maskId: string } | undefined;
  readonly strength: number;
  readonly count: number;
  readonly seed: number;
  readonly seedLocked: boolean;
}

/** The strength of a transplanted defect is its opacity, and above 1 its contrast. */
export const TRANSPLANT_STRENGTH = { min: 0, max: 3 };
const DRAFT_STEPS = 6;
const TURBO_STEPS = 4;
/** Somebody waits for it. */
const DRAFT_PRIORITY = 9;
const SEEDS = 2 ** 31;

export function newSeed(): number {
  return Math.floor(Math.random() * SEEDS);
}

/** Why the pair cannot be drawn in this way, as the name of a text; undefined if it can. */
export function obstacle(choices: Choices, model: Model | undefined, supported: boolean): Obstacle | undefined {
  const { method, onto, donor } = choices;
  if (method !== 'TRANSPLANT' && !supported) return 'unsupported';
  if (method === 'PHOTOGRAPH' && model?.drawsOnPhotographs === false) return 'noEncoder';
  if ((method === 'PHOTOGRAPH' || method === 'TRANSPLANT') && onto === undefined) return 'noPhotograph';
  if (method === 'TRANSPLANT' && donor === undefined) return 'noDonor';
  return undefined;
}
export type Obstacle = 'unsupported' | 'noEncoder' | 'noPhotograph' | 'noDonor';

export function finalInput(choices: Choices, model: Model | undefined): GenerateDefectsInput {
  const { partNumber, defectCode, method, strength, count, seed, onto, donor, region, allowedArea } = choices;
  return {
    partNumber,
    defectCode,
    count,
    seed,
    strength: { value: strength },
    ...student(choices, model),
    ...(model !== undefined && { model: model.id }),
    ...(method === 'NOISE' && { twin: true }),
    ...(method === 'TWIN' && { reference: { twin: true } }),
    ...((method === 'PHOTOGRAPH' || method === 'TRANSPLANT') && onto !== undefined && { reference: { id: onto.id } }),
    ...(method === 'TRANSPLANT' && donor !== undefined && { defectReference: { id: donor.id } }),
    ...(method === 'PHOTOGRAPH' && region !== undefined && { region }),
    ...(method !== 'NOISE' && region === undefined && allowedArea !== undefined && { allowedArea }),
  };
}

/** One sample, fast: with the student if it can draw it, otherwise in few steps. */
export function draftInput(choices: Choices, model: Model | undefined): GenerateDefectsInput {
  const draft = { ...finalInput(choices, model), twin: false, count: 1, priority: DRAFT_PRIORITY };
  if (choices.method === 'TRANSPLANT' || model === undefined || draft.sampler === 'TURBO') return draft;
  return { ...draft, sampler: 'DPM_SOLVER_PP', steps: Math.max(DRAFT_STEPS, model.ranges.steps.min) };
}

/** The model's student, for drafts and for what is kept: a draft is the picture that is kept, so none jumps to another. */
function student(
  { method, strength }: Choices,
  model: Model | undefined,
): Pick<GenerateDefectsInput, 'sampler' | 'steps'> {
  const turbo = model?.turbo ?? null;
  const [fewest] = turbo?.steps ?? [];
  if (method === 'TRANSPLANT' || turbo === null || fewest === undefined) return {};
  if (strength < turbo.strength.min || strength > turbo.strength.max) return {};
  return { sampler: 'TURBO', steps: turbo.steps.includes(TURBO_STEPS) ? TURBO_STEPS : fewest };
}
