/** From a caller's wish for a defect on a picture, their own photograph or another, to what is recorded of it: every id and every point checked. */
import { badInput } from '../../errors.js';
import type { Area, PhotographSettings } from '../../storage/jsonColumns.js';
import type { ProductRow, ReferenceRow } from '../../storage/tables.js';
import { requestedDenoisingStrength } from './deprecatedNames.js';
import { resolveArea, resolveOwnRegion } from './resolveArea.js';
import { requireInRange } from '../../range.js';
import type { AreaInput, OnPhotographInput, ReferenceInput } from './generationInput.js';
import type { SampleImage, InputImages } from './inputImages.js';

const DEFAULT_DENOISING_STRENGTH = 0.8;
const MIN_DENOISING_STRENGTH = 0.05;

interface PhotographContext {
  readonly input: OnPhotographInput;
  readonly product: ProductRow;
  /** How many pictures there will be, and the seed that orders the product's photographs. */
  readonly rows: number;
  readonly seed: number;
  /** Of the model's pictures, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** How many steps a denoising strength leaves. */
  readonly stepsAt: (denoisingStrength: number) => number;
  readonly at: string;
}

/** `null` for samples from noise. Throws `ServiceError` that names the field. */
export function resolvePhotograph(pictures: InputImages, wish: PhotographContext): PhotographSettings | null {
  const { input, at, stepsAt } = wish;
  if (input.reference == null) {
    for (const field of ['region', 'allowedArea', 'denoisingStrength', 'freedom'] as const)
      if (input[field] != null) throw badInput(`${at}.${field}`, 'needs a reference: it says where on it');
    return null;
  }
  const { value = DEFAULT_DENOISING_STRENGTH, field } = requestedDenoisingStrength(input, at);
  const denoisingStrength = requireInRange(value, { min: MIN_DENOISING_STRENGTH, max: 1 }, field);
  if (stepsAt(denoisingStrength) < 1) {
    throw badInput(field, `${String(denoisingStrength)} leaves none of ${String(stepsAt(1))} steps; raise either`);
  }
  requireOne(input.reference, `${at}.reference`);
  const { sampleId, twin } = input.reference;
  const onTwin = twin === true;
  const references = sampleId == null && !onTwin ? referencesFor(pictures, input.reference, wish) : [];
  const drawnOn = onTwin
    ? [{ ...wish.size, id: 'that the model draws' }]
    : sampleId == null
      ? references
      : [sampleFor(pictures, sampleId, wish)];
  const region = regionFor(input, (own, field) => resolveOwnRegion(pictures, own, drawnOn, field), at);
  const allowedArea =
    input.allowedArea == null ? null : resolveArea(pictures, input.allowedArea, drawnOn, `${at}.allowedArea`).area;
  if (allowedArea !== null && typeof region !== 'string')
    throw badInput(`${at}.allowedArea`, 'cannot be given with a region of your own, which says all');
  return {
    references: references.map(({ id }) => id),
    baseSample: sampleId ?? null,
    onTwin,
    region,
    allowedArea,
    denoisingStrength,
    freedom: denoisingStrength,
  };
}

function requireOne({ id, anyOfProduct, sampleId, twin }: ReferenceInput, field: string): void {
  const given = [id != null, anyOfProduct === true, sampleId != null, twin === true].filter(Boolean).length;
  if (given !== 1) throw badInput(field, 'give one of id, anyOfProduct: true, sampleId, or twin: true');
}

function sampleFor(pictures: InputImages, sampleId: string, { product, at }: PhotographContext): SampleImage {
  const field = `${at}.reference.sampleId`;
  const picture = pictures.sample(sampleId, field);
  if (picture.productId !== product.id) throw badInput(field, 'is a sample of another product');
  return picture;
}

function referencesFor(
  pictures: InputImages,
  { id }: ReferenceInput,
  { product, rows, seed, at }: PhotographContext,
): readonly ReferenceRow[] {
  const field = `${at}.reference`;
  if (id != null) {
    const row = pictures.reference(id, `${field}.id`);
    if (row.productId !== product.id) throw badInput(`${field}.id`, 'is a photograph of another product');
    if (row.archivedAt !== null)
      throw badInput(`${field}.id`, 'is archived; upload the picture again to bring it back');
    return [row];
  }
  const all = pictures.referencesOfProduct(product.id);
  if (all.length === 0) throw badInput(field, 'the product has no photograph; upload one with createUpload');
  // As many as there are pictures, beginning at one that the seed says: the same request takes the same photographs.
  return Array.from({ length: Math.min(rows, all.length) }, (_, i) => all[(seed + i) % all.length] as ReferenceRow);
}

function regionFor(
  { region, reference }: OnPhotographInput,
  area: (asked: AreaInput, field: string) => Area,
  at: string,
): PhotographSettings['region'] {
  // A twin has room for whatever the noise would draw; on a photograph the defect must have the size that real ones have there.
  const place = reference?.twin === true ? 'CHOSEN' : 'SHAPE';
  if (region == null) return place;
  const own = region.maskId != null || region.polygons != null;
  if (own && region.place != null) throw badInput(`${at}.region`, 'give a region of your own or place, not both');
  return own ? area(region, `${at}.region`) : (region.place ?? place);
}
