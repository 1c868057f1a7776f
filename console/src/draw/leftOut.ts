/** What a generation that is repeated with changes has, and the fields of the page cannot say. */
import type { GenerationToRepeatQuery } from '../generated/graphql.ts';
import type { Model } from './choices.ts';
import { student } from './choices.ts';

export type Repeated = NonNullable<GenerationToRepeatQuery['generation']>;
type Request = Repeated['request'];

const DENOISING_STRENGTH = 0.8;
/** As the service fills them in. The visibility is that of most pairs; some have a lower one. */
const QUALITY = { minimumVisibility: 8, minimumAgreement: 0.5, minimumConfidence: 0, maximumDraws: 4 };
const VARIATION = {
  ...{ place: 'FITTING', turn: 10, quarterTurns: false, halfTurns: false, mirrors: false },
  ...{ bend: 0.03, contrast: 0.15 },
} as const;
const SCALE = { min: 0.85, max: 1.2 };

/** As the names of texts. @param models empty until they are known */
export function leftOut(repeated: Repeated | undefined, models: readonly Model[]) {
  if (repeated === undefined) return [];
  const { reference, defectReference, strength, sweep, quality } = repeated.request;
  const general = {
    sample: reference?.sampleId != null,
    donorSample: defectReference?.sampleId != null,
    photographs: several(reference?.ids),
    donors: several(defectReference?.ids),
    strengths: sweep !== null || strength.min !== strength.max,
    // Only what is drawn on an image has bounds that nobody asked for.
    quality: quality !== null && (reference === null || defectReference !== null || isOwn(quality)),
  };
  const special = defectReference === null ? ofDrawing(repeated, models) : ofTransplant(repeated.request);
  return [...namesOf(general), ...namesOf(special)];
}

function ofTransplant({ harmonize, variation }: Request) {
  return {
    harmonize: harmonize !== null && harmonize > 0,
    variation: variation !== null && isVaried(variation),
  };
}

function ofDrawing({ request, coverage }: Repeated, models: readonly Model[]) {
  const { region, allowedArea, onTwin, maskMode, maskConvention, denoisingStrength } = request;
  const model = models.find(({ id }) => id === request.model);
  const defaults = model?.defaults;
  const onImage = request.reference !== null;
  const guidance = onImage && coverage === 'TRAINED' ? 'PRODUCT_RELATIVE' : defaults?.guidance;
  return {
    region: onTwin && (allowedArea !== null || (region !== null && region.place !== 'CHOSEN')),
    maskMode: maskMode !== 'AVERAGE_FEATURES',
    maskConvention: maskConvention !== null && maskConvention !== 'CHANGE',
    denoisingStrength: denoisingStrength !== null && denoisingStrength !== DENOISING_STRENGTH,
    model: models.length > 0 && model === undefined,
    steps: model !== undefined && !hasStepsOfThePage(request, model),
    guidance: model !== undefined && request.guidance !== guidance,
    productScale: defaults !== undefined && request.productScale !== defaults.productScale,
  };
}

function hasStepsOfThePage({ sampler, steps, strength }: Request, model: Model): boolean {
  if (sampler !== 'TURBO') return sampler === model.defaults.sampler && steps === model.defaults.steps;
  return steps === student({ method: 'NOISE', strength: strength.min }, model)?.steps;
}

function several(ids: readonly string[] | null | undefined): boolean {
  return (ids?.length ?? 0) > 1;
}

function isOwn({ minimumVisibility, minimumAgreement, ...rest }: NonNullable<Request['quality']>): boolean {
  return (
    minimumVisibility > QUALITY.minimumVisibility ||
    minimumAgreement !== QUALITY.minimumAgreement ||
    rest.minimumConfidence !== QUALITY.minimumConfidence ||
    rest.maximumDraws !== QUALITY.maximumDraws
  );
}

function isVaried(variation: NonNullable<Request['variation']>): boolean {
  const { min, max } = variation.scale;
  const names = Object.keys(VARIATION) as (keyof typeof VARIATION)[];
  return min !== SCALE.min || max !== SCALE.max || names.some((name) => variation[name] !== VARIATION[name]);
}

function namesOf<Name extends string>(has: Partial<Record<Name, boolean>>): Name[] {
  return (Object.keys(has) as Name[]).filter((name) => has[name]);
}
