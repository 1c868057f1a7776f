/** The request of a generation as it was accepted, with every default filled in. The same request gives the same images. */
import type { Area, PhotographSettings, TransplantSettings } from '../storage/jsonColumns.js';
import { denoisingStrengthOf } from '../storage/jsonColumns.js';
import type { GenerationRow } from '../storage/tables.js';
import type { GenerationInput } from './admission/generationInput.js';

/** The codes that the catalog has for the row's product and defect. */
export interface RequestedPair {
  readonly partNumber: string;
  readonly defectCode: string;
}

export function resolvedRequestOf(row: GenerationRow, pair: RequestedPair) {
  const resolved = resolve(row, pair);
  return { ...resolved, input: asInput(resolved) };
}

function resolve(row: GenerationRow, pair: RequestedPair) {
  const { settings, count, priority, idempotencyKey } = row;
  const { bundle: model, photograph, twin = false, sweep, quality, previews = false, ...rest } = settings;
  const strength = photograph == null ? undefined : denoisingStrengthOf(photograph);
  const transplant = photograph?.transplant ?? undefined;
  const denoisingStrength = transplant === undefined ? strength : undefined;
  return {
    ...rest,
    // Only a worker needs it.
    tenantModel: undefined,
    ...pair,
    sweep,
    quality: quality == null ? null : { minimumConfidence: 0, ...quality, maximumDraws: quality.maximumAttempts },
    reference: photograph == null ? undefined : referenceOf(photograph),
    defectReference: transplant && defectReferenceOf(transplant),
    region: photograph == null || transplant !== undefined ? undefined : regionOf(photograph.region),
    allowedArea: photograph?.allowedArea == null ? undefined : areaOf(photograph.allowedArea),
    maskConvention:
      photograph == null || transplant !== undefined ? undefined : (photograph.maskConvention ?? 'CHANGE'),
    denoisingStrength,
    harmonize: transplant === undefined ? undefined : strength,
    variation: transplant === undefined || transplant.cutPaste !== undefined ? undefined : variationOf(transplant),
    /** @deprecated The name of `denoisingStrength` before 1.0.0. */
    freedom: denoisingStrength,
    onTwin: photograph?.onTwin ?? false,
    twin,
    previews,
    model,
    // As it was requested: the rows of a sweep, not its samples.
    count: count / (sweep?.length ?? 1),
    priority,
    idempotencyKey,
  };
}

type Resolved = ReturnType<typeof resolve>;

/** Every value is explicit, and there is nothing that a request of this kind must not have. */
function asInput(request: Resolved): GenerationInput {
  const { partNumber, defectCode, model, count, priority, seed, sweep, quality } = request;
  const { min, max } = request.strength;
  return {
    partNumber,
    defectCode,
    model,
    count,
    priority,
    seed,
    strength: sweep !== undefined ? { sweep } : min === max ? { value: min } : { min, max },
    ...(request.previews ? { previews: true } : {}),
    ...(quality === null ? {} : { quality: qualityInput(request, quality) }),
    ...(request.defectReference === undefined ? drawnInput(request) : transplantInput(request)),
    ...given({ reference: request.reference, allowedArea: request.allowedArea }),
  };
}

function drawnInput(request: Resolved): Partial<GenerationInput> {
  const { maskMode, twin, region, maskConvention, denoisingStrength } = request;
  return {
    ...modelInput(request),
    maskMode,
    ...(twin ? { twin } : {}),
    ...given({ region, maskConvention, denoisingStrength }),
  };
}

function transplantInput(request: Resolved): Partial<GenerationInput> {
  const { defectReference, variation, harmonize } = request;
  const harmonized = harmonize !== undefined && harmonize > 0;
  return { ...given({ defectReference, variation }), ...(harmonized ? { harmonize, ...modelInput(request) } : {}) };
}

function modelInput({ productScale, steps, sampler, guidance }: Resolved): Partial<GenerationInput> {
  return { productScale, steps, sampler, guidance };
}

/** Samples that are compared with nothing have a bound of their confidence only, and transplants have no confidence. */
function qualityInput(
  { reference, twin, defectReference }: Resolved,
  { minimumVisibility, minimumAgreement, minimumConfidence, maximumDraws }: NonNullable<Resolved['quality']>,
): NonNullable<GenerationInput['quality']> {
  if (defectReference !== undefined) return { minimumVisibility, minimumAgreement, maximumDraws };
  if (reference === undefined && !twin) return { minimumConfidence, maximumDraws };
  return { minimumVisibility, minimumAgreement, minimumConfidence, maximumDraws };
}

/** Without the fields that are undefined. */
function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

function referenceOf({ references, baseSample, onTwin }: PhotographSettings) {
  if (onTwin === true) return { twin: true };
  return baseSample === null ? { ids: references } : { sampleId: baseSample };
}

function defectReferenceOf({ donors, donorSample, cutPaste }: TransplantSettings) {
  if (cutPaste !== undefined) return { cutPaste: { ids: donors, window: cutPaste.window } };
  return donorSample === undefined ? { ids: donors } : { sampleId: donorSample };
}

function regionOf(region: PhotographSettings['region']) {
  return typeof region === 'string' ? { place: region } : areaOf(region);
}

function areaOf(area: Area) {
  if ('maskId' in area) return { maskId: area.maskId };
  return { polygons: area.polygons.map((polygon) => polygon.map(([x, y]) => ({ x, y }))) };
}

function variationOf({ variation, anywhere }: TransplantSettings) {
  return { ...variation, place: anywhere ? ('ANYWHERE' as const) : ('FITTING' as const) };
}
