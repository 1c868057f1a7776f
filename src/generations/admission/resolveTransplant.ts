/** Checks a request to transplant a defect and fills in its defaults. */
import { badInput } from '../../errors.js';
import type { Bundle, Coverage, VariationLimits } from '../../inference/index.js';
import { DEFAULT_VARIATION, VARIED } from '../../inference/index.js';
import type { Optional, Range } from '../../range.js';
import { requireInRange } from '../../range.js';
import type { NotHarmonizedReason, TransplantSettings } from '../../storage/jsonColumns.js';
import type { DefectRow, ProductRow, ReferenceRow } from '../../storage/tables.js';
import type { DefectReferenceInput, GenerationInput, OnPhotographInput, VariationInput } from './generationInput.js';
import type { InputImages, SampleImage } from './inputImages.js';
import { namedPhotographs } from './namedPhotographs.js';
import { inTurn } from './photographsInTurn.js';
import { requireNothingOfDefects, resolveCutPaste } from './resolveCutPaste.js';

/** Of the defect: its opacity up to 1, and above, its contrast. */
export const TRANSPLANT_STRENGTH = { min: 0, max: 3, default: 1 } as const;

/** Blended without the model. */
export const DEFAULT_HARMONIZE = 0;

const SCALE = { min: 0.25, max: 4 } as const;
const BOUNDS = { turn: { min: 0, max: 180 }, bend: { min: 0, max: 0.2 }, contrast: { min: 0, max: 0.9 } } as const;

/** What is drawn by the model has no meaning where the donor decides it. */
const DRAWN_ONLY = {
  twin: 'a transplant has no twin; the reference is the image without the defect',
  region: "a transplant's region is that of its donor; allowedArea limits where it may lie",
  maskMode: "a transplant's mask is that of its donor",
  denoisingStrength: 'a transplant is not drawn; harmonize is the denoising strength of its harmonizing pass',
  freedom: 'a transplant is not drawn; harmonize is the denoising strength of its harmonizing pass',
} as const;
const MODEL_ONLY = ['productScale', 'steps', 'sampler', 'guidance'] as const;

/** How the model harmonizes transplants: its denoising strength, 0 without it, and why not. */
export interface Harmonizing {
  readonly denoisingStrength: number;
  readonly notHarmonized: NotHarmonizedReason | null;
}

/** Undefined if the request is not for transplants. @throws ServiceError that names the field. */
export function resolveHarmonizing(
  input: GenerationInput,
  { manifest }: Bundle,
  coverage: Coverage,
  at: string,
): Harmonizing | undefined {
  const { defectReference, harmonize } = input;
  if (defectReference == null) {
    for (const field of ['variation', 'harmonize'] as const)
      if (input[field] != null) throw badInput(`${at}.${field}`, 'needs a defectReference: it applies to transplants');
    return undefined;
  }
  for (const [field, problem] of Object.entries(DRAWN_ONLY))
    if (isGiven(input[field as keyof typeof DRAWN_ONLY])) throw badInput(`${at}.${field}`, problem);
  if (defectReference.cutPaste != null) requireNothingOfDefects(input, at);
  const requested = requireInRange(harmonize ?? DEFAULT_HARMONIZE, { min: 0, max: 1 }, `${at}.harmonize`);
  if (requested === 0) {
    for (const field of MODEL_ONLY)
      if (input[field] != null)
        throw badInput(`${at}.${field}`, 'is for the model, which a transplant only uses with harmonize above 0');
    return { denoisingStrength: 0, notHarmonized: 'NOT_REQUESTED' };
  }
  if (coverage === 'UNSUPPORTED') return { denoisingStrength: 0, notHarmonized: 'UNSUPPORTED_PAIR' };
  if (manifest.components.image_encoder === undefined)
    return { denoisingStrength: 0, notHarmonized: 'NO_IMAGE_ENCODER' };
  return { denoisingStrength: requested, notHarmonized: null };
}

/** `twin: false` asks for nothing. */
function isGiven(value: unknown): boolean {
  return value != null && value !== false;
}

interface TransplantContext {
  readonly input: OnPhotographInput;
  readonly product: ProductRow;
  readonly defect: DefectRow;
  /** The number of scenes, and the seed that selects from the pair's photographs. */
  readonly rows: number;
  readonly seed: number;
  readonly at: string;
}

export function resolveTransplant(
  images: InputImages,
  { notHarmonized }: Harmonizing,
  context: TransplantContext,
): TransplantSettings {
  const { input, at, product, rows: scenes, seed } = context;
  const { sampleId, cutPaste } = input.defectReference ?? {};
  requireOne(input.defectReference, `${at}.defectReference`);
  if (cutPaste != null)
    return resolveCutPaste(images, cutPaste, { product, scenes, seed, field: `${at}.defectReference.cutPaste` });
  const donors = sampleId == null ? donorsFor(images, context) : [donorSample(images, sampleId, context)];
  const ids = donors.map(({ id }) => id);
  return {
    ...(sampleId == null ? { donors: ids } : { donors: [], donorSample: sampleId }),
    ofOtherProducts: donors.some(({ productId }) => productId !== context.product.id),
    variation: resolveVariation(input.variation, `${at}.variation`),
    anywhere: input.variation?.place === 'ANYWHERE',
    notHarmonized,
  };
}

function requireOne(input: Optional<DefectReferenceInput>, field: string): void {
  const { id, ids, sampleId, anyOfPair, ofOtherProducts, cutPaste } = input ?? {};
  const named = [id, ids, sampleId, cutPaste].filter((one) => one != null);
  if (named.length + [anyOfPair, ofOtherProducts].filter((one) => one === true).length !== 1)
    throw badInput(field, 'give one of id, ids, sampleId, anyOfPair: true, ofOtherProducts: true, or cutPaste');
}

/** A sample exists once it is finished and stored. */
function donorSample(images: InputImages, id: string, { product, defect, at }: TransplantContext): SampleImage {
  const field = `${at}.defectReference.sampleId`;
  const sample = images.sample(id, field);
  if (sample.productId === product.id && sample.defectId !== defect.id) throw badInput(field, 'shows another defect');
  if (sample.baseSampleId !== null || sample.onSample)
    throw badInput(field, 'is drawn on another sample, so that its mask marks the defects of both');
  if (sample.areaFraction === 0) throw badInput(field, 'marks no defect: its mask is empty');
  return sample;
}

function donorsFor(
  images: InputImages,
  { input, product, defect, rows, seed, at }: TransplantContext,
): readonly ReferenceRow[] {
  const field = `${at}.defectReference`;
  const { id, ids, ofOtherProducts } = input.defectReference ?? {};
  if (id != null || ids != null) {
    const named = namedPhotographs(images, { id, ids }, field, (row, here) => {
      if (row.defectId === null)
        throw badInput(here, 'shows a good part; upload the defective one with defectCode and maskId');
      if (row.productId === product.id && row.defectId !== defect.id) throw badInput(here, 'shows another defect');
    });
    const own = named.filter(({ productId }) => productId === product.id).length;
    if (own === 0 || own === named.length) return named;
    throw badInput(
      `${field}.ids`,
      'name photographs of this product and of others, which are resized; request them apart',
    );
  }
  const others = ofOtherProducts === true;
  const all = others ? images.donorsOfOthers(product.id, defect.id) : images.donorsOfPair(product.id, defect.id);
  if (all.length === 0) {
    const missing = others ? 'no other product has a defective photograph' : 'the pair has no defective photograph';
    throw badInput(field, `${missing}; upload one with defectCode and maskId`);
  }
  return inTurn(all, rows, seed);
}

function resolveVariation(input: Optional<VariationInput>, field: string): VariationLimits {
  const defaults = input?.place === 'ANYWHERE' ? VARIED : DEFAULT_VARIATION;
  const share = (name: keyof typeof BOUNDS): number =>
    requireInRange(input?.[name] ?? defaults[name], BOUNDS[name], `${field}.${name}`);
  return {
    turn: share('turn'),
    quarterTurns: input?.quarterTurns ?? defaults.quarterTurns,
    halfTurns: input?.halfTurns ?? defaults.halfTurns,
    mirrors: input?.mirrors ?? defaults.mirrors,
    scale: resolveScale(input?.scale ?? defaults.scale, `${field}.scale`),
    bend: share('bend'),
    contrast: share('contrast'),
  };
}

function resolveScale({ min, max }: Range, field: string): Range {
  requireInRange(min, SCALE, `${field}.min`);
  requireInRange(max, SCALE, `${field}.max`);
  if (min > max) throw badInput(field, `min ${String(min)} is above max ${String(max)}`);
  return { min, max };
}
