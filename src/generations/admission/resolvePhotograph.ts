/** Turns a caller's request for a defect on an image into complete settings: checks every id and every point. */
import { badInput } from '../../errors.js';
import { NEWEST_PLACEMENT } from '../../inference/index.js';
import type { Area, PhotographSettings } from '../../storage/jsonColumns.js';
import { DONORS_REGION } from '../../storage/jsonColumns.js';
import type { DefectRow, ProductRow, ReferenceRow } from '../../storage/tables.js';
import { requestedDenoisingStrength } from './deprecatedNames.js';
import { resolveArea, resolveOwnRegion } from './resolveArea.js';
import { requireInRange } from '../../range.js';
import type { AreaInput, OnPhotographInput, ReferenceInput } from './generationInput.js';
import type { SampleImage, InputImages } from './inputImages.js';
import type { Harmonizing } from './resolveTransplant.js';
import { namedPhotographs } from './namedPhotographs.js';
import { goodInTurn } from './photographsInTurn.js';
import { resolveTransplant } from './resolveTransplant.js';

export const DEFAULT_DENOISING_STRENGTH = 0.8;
export const DEFAULT_MASK_CONVENTION = 'CHANGE';
const MIN_DENOISING_STRENGTH = 0.05;

interface PhotographContext {
  readonly input: OnPhotographInput;
  readonly product: ProductRow;
  readonly defect: DefectRow;
  /** Undefined unless the defect is transplanted. */
  readonly harmonizing: Harmonizing | undefined;
  /** The number of scenes, and the seed that selects from the product's photographs. */
  readonly rows: number;
  readonly seed: number;
  /** The size of the model's images, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** The number of steps at a denoising strength. */
  readonly stepsAt: (denoisingStrength: number) => number;
  readonly at: string;
}

/** Returns null for samples from noise. @throws ServiceError that names the field. */
export function resolvePhotograph(images: InputImages, context: PhotographContext): PhotographSettings | null {
  const { input, at, harmonizing } = context;
  if (input.reference == null) {
    for (const field of [
      'region',
      'allowedArea',
      'denoisingStrength',
      'freedom',
      'maskConvention',
      'defectReference',
    ] as const)
      if (input[field] != null)
        throw badInput(`${at}.${field}`, 'needs a reference: it applies to the reference image');
    return null;
  }
  requireOne(input.reference, `${at}.reference`);
  if (harmonizing !== undefined && input.maskConvention != null)
    throw badInput(`${at}.maskConvention`, 'cannot be given for a transplant, whose mask is that of its donor');
  const denoisingStrength = resolveDenoisingStrength(context);
  const { sampleId, twin } = input.reference;
  const onTwin = twin === true;
  if (onTwin && harmonizing !== undefined)
    throw badInput(
      `${at}.reference.twin`,
      'a transplant needs a photograph: give id, ids, anyOfProduct: true, or sampleId',
    );
  const references = sampleId == null && !onTwin ? referencesFor(images, input.reference, context) : [];
  const drawnOn = onTwin
    ? [{ ...context.size, id: 'that the model draws' }]
    : sampleId == null
      ? references
      : [sampleFor(images, sampleId, context)];
  const region =
    harmonizing === undefined
      ? regionFor(input, (own, field) => resolveOwnRegion(images, own, drawnOn, field), at)
      : DONORS_REGION;
  const allowedArea =
    input.allowedArea == null ? null : resolveArea(images, input.allowedArea, drawnOn, `${at}.allowedArea`).area;
  if (allowedArea !== null && typeof region !== 'string' && harmonizing === undefined)
    throw badInput(`${at}.allowedArea`, 'cannot be given together with a region of your own');
  return {
    references: references.map(({ id }) => id),
    baseSample: sampleId ?? null,
    onTwin,
    region,
    allowedArea,
    // A twin shows nothing but the product, and has room for whatever its noise would draw.
    ...(onTwin ? {} : { placement: NEWEST_PLACEMENT }),
    maskConvention: input.maskConvention ?? DEFAULT_MASK_CONVENTION,
    denoisingStrength,
    freedom: denoisingStrength,
    transplant: harmonizing === undefined ? null : resolveTransplant(images, harmonizing, context),
  };
}

function resolveDenoisingStrength({ input, harmonizing, at, stepsAt }: PhotographContext): number {
  if (harmonizing?.denoisingStrength === 0) return 0;
  const requested = requestedDenoisingStrength(input, at);
  const { value = DEFAULT_DENOISING_STRENGTH, field } =
    harmonizing === undefined ? requested : { value: harmonizing.denoisingStrength, field: `${at}.harmonize` };
  const min = harmonizing === undefined ? MIN_DENOISING_STRENGTH : 0;
  const denoisingStrength = requireInRange(value, { min, max: 1 }, field);
  if (stepsAt(denoisingStrength) >= 1) return denoisingStrength;
  throw badInput(field, `${String(denoisingStrength)} leaves none of ${String(stepsAt(1))} steps; raise either`);
}

function requireOne({ id, ids, anyOfProduct, sampleId, twin }: ReferenceInput, field: string): void {
  const given = [id != null, ids != null, anyOfProduct === true, sampleId != null, twin === true].filter(
    Boolean,
  ).length;
  if (given !== 1) throw badInput(field, 'give one of id, ids, anyOfProduct: true, sampleId, or twin: true');
}

function sampleFor(images: InputImages, sampleId: string, { product, at }: PhotographContext): SampleImage {
  const field = `${at}.reference.sampleId`;
  const image = images.sample(sampleId, field);
  if (image.productId !== product.id) throw badInput(field, 'is a sample of another product');
  return image;
}

function referencesFor(
  images: InputImages,
  input: ReferenceInput,
  { product, rows, seed, at }: PhotographContext,
): readonly ReferenceRow[] {
  const field = `${at}.reference`;
  if (input.id != null || input.ids != null)
    return namedPhotographs(images, input, field, (row, here) => {
      if (row.productId !== product.id) throw badInput(here, 'is a photograph of another product');
      if (row.defectId === null) return;
      throw badInput(here, 'shows a defect; draw on a photograph of a good part, and name this one as defectReference');
    });
  return goodInTurn(images, product, { scenes: rows, seed, field });
}

function regionFor(
  { region, reference }: OnPhotographInput,
  area: (input: AreaInput, field: string) => Area,
  at: string,
): PhotographSettings['region'] {
  // A twin has room for whatever the noise would draw. On a photograph, the defect must have the size of real defects.
  const place = reference?.twin === true ? 'CHOSEN' : 'SHAPE';
  if (region == null) return place;
  const own = region.maskId != null || region.polygons != null;
  if (own && region.place != null) throw badInput(`${at}.region`, 'give a region of your own or place, not both');
  return own ? area(region, `${at}.region`) : (region.place ?? place);
}
