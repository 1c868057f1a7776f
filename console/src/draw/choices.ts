import type {
  AreaInput,
  DefectReferenceInput,
  GenerateDefectsInput,
  ReferencePartsFragment,
  RegionInput,
} from '../generated/graphql.ts';
import type { Model } from './modelChoice.ts';

export type Method = 'NOISE' | 'TWIN' | 'PHOTOGRAPH' | 'TRANSPLANT';

/** Where transplanted defects come from. */
export type Donors = 'CHOSEN' | 'OF_PAIR' | 'OF_OTHER_PRODUCTS' | 'CUT_PASTE' | 'REPEATED';

/** What the fields of the page say. */
export interface Choices {
  readonly partNumber: string;
  readonly defectCode: string;
  /** As requests name it: an id or an alias. Undefined until the models are known. */
  readonly model?: string | undefined;
  readonly method: Method;
  /** The photograph to draw on. */
  readonly onto?: ReferencePartsFragment | undefined;
  readonly donors: Donors;
  /** The defective photograph to take the defect from, if one is chosen. */
  readonly donor?: ReferencePartsFragment | undefined;
  /** Several photographs of the generation that is repeated. */
  readonly repeatedDonors?: DefectReferenceInput | undefined;
  readonly region?: RegionInput | undefined;
  /** Of the generation that is repeated; otherwise that of the product counts. */
  readonly allowedArea?: AreaInput | undefined;
  readonly strength: number;
  readonly count: number;
  readonly seed: number;
  readonly seedLocked: boolean;
  /** Whether the model draws even what its student could. */
  readonly allSteps: boolean;
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
  const { method, onto } = choices;
  if (method !== 'TRANSPLANT' && !supported) return 'unsupported';
  if (method === 'PHOTOGRAPH' && model?.drawsOnPhotographs === false) return 'noEncoder';
  if ((method === 'PHOTOGRAPH' || method === 'TRANSPLANT') && onto === undefined) return 'noPhotograph';
  if (method === 'TRANSPLANT' && donorsOf(choices) === undefined) return 'noDonor';
  return undefined;
}
export type Obstacle = 'unsupported' | 'noEncoder' | 'noPhotograph' | 'noDonor';

export function finalInput(choices: Choices, model: Model | undefined): GenerateDefectsInput {
  const { partNumber, defectCode, model: named, method, strength, count, seed } = choices;
  const { onto, region, allowedArea } = choices;
  const donors = method === 'TRANSPLANT' ? donorsOf(choices) : undefined;
  const onPhotograph = (method === 'PHOTOGRAPH' || method === 'TRANSPLANT') && onto !== undefined;
  const fast = choices.allSteps ? undefined : student(choices, model);
  return {
    partNumber,
    defectCode,
    count,
    seed,
    strength: { value: strength },
    ...(fast ?? (method !== 'TRANSPLANT' && { previews: true })),
    ...(named !== undefined && { model: named }),
    ...(method === 'NOISE' && { twin: true }),
    ...(method === 'TWIN' && { reference: { twin: true } }),
    ...(onPhotograph && { reference: { id: onto.id } }),
    ...(donors !== undefined && { defectReference: donors }),
    ...(method === 'PHOTOGRAPH' && region !== undefined && { region }),
    ...(onPhotograph &&
      region?.maskId == null &&
      region?.polygons == null &&
      allowedArea !== undefined && { allowedArea }),
  };
}

/** What remains of a choice of donors when the product or the defect is another. */
export function withoutDonors({ donors }: Choices): Partial<Choices> {
  return { donor: undefined, repeatedDonors: undefined, ...(donors === 'REPEATED' && { donors: 'CHOSEN' }) };
}

/** Undefined while no photograph is chosen. */
function donorsOf({ donors, donor, repeatedDonors }: Choices): DefectReferenceInput | undefined {
  switch (donors) {
    case 'OF_PAIR':
      return { anyOfPair: true };
    case 'OF_OTHER_PRODUCTS':
      return { ofOtherProducts: true };
    case 'CUT_PASTE':
      return { cutPaste: {} };
    case 'REPEATED':
      return repeatedDonors;
    case 'CHOSEN':
      return donor && { id: donor.id };
  }
}

/** One sample, fast: with the student if it can draw it, otherwise in few steps. */
export function draftInput(choices: Choices, model: Model | undefined): GenerateDefectsInput {
  const draft = {
    ...finalInput({ ...choices, allSteps: false }, model),
    twin: false,
    count: 1,
    previews: false,
    priority: DRAFT_PRIORITY,
  };
  if (choices.method === 'TRANSPLANT' || model === undefined || draft.sampler === 'TURBO') return draft;
  return { ...draft, sampler: 'DPM_SOLVER_PP', steps: Math.max(DRAFT_STEPS, model.ranges.steps.min) };
}

/** The model's student, for drafts and for what is kept: a draft is the picture that is kept, so none jumps to another. */
export function student(
  { method, strength }: Pick<Choices, 'method' | 'strength'>,
  model: Model | undefined,
): Pick<GenerateDefectsInput, 'sampler' | 'steps'> | undefined {
  const turbo = model?.turbo ?? null;
  const [fewest] = turbo?.steps ?? [];
  if (method === 'TRANSPLANT' || turbo === null || fewest === undefined) return undefined;
  if (strength < turbo.strength.min || strength > turbo.strength.max) return undefined;
  return { sampler: 'TURBO', steps: turbo.steps.includes(TURBO_STEPS) ? TURBO_STEPS : fewest };
}
