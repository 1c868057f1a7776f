/** What a generation that is repeated with changes has, and the fields of the page cannot say. */
import type { GenerationToRepeatQuery } from '../generated/graphql.ts';
import { student } from './choices.ts';
import type { Model } from './modelChoice.ts';

export type Repeated = NonNullable<GenerationToRepeatQuery['generation']>;
type Request = Repeated['request'];

/** As the names of texts. @param models empty until they are known */
export function leftOut(repeated: Repeated | undefined, models: readonly Model[]) {
  if (repeated === undefined) return [];
  const { request } = repeated;
  const { reference, defectReference, strength, sweep } = request;
  const general = {
    sample: reference?.sampleId != null,
    donorSample: defectReference?.sampleId != null,
    photographs: several(reference?.ids),
    strengths: sweep !== null || strength.min !== strength.max,
    quality: isOwn(request, 'quality'),
  };
  const special = defectReference === null ? ofDrawing(request, models) : ofTransplant(request);
  return [...namesOf(general), ...namesOf(special)];
}

function ofTransplant(request: Request) {
  return { harmonize: isOwn(request, 'harmonize'), variation: isOwn(request, 'variation') };
}

function ofDrawing(request: Request, models: readonly Model[]) {
  const { region, allowedArea, onTwin } = request;
  const model = models.find(({ id }) => id === request.model);
  return {
    region: onTwin && (allowedArea !== null || (region !== null && region.place !== 'CHOSEN')),
    maskMode: isOwn(request, 'maskMode'),
    maskConvention: isOwn(request, 'maskConvention'),
    denoisingStrength: isOwn(request, 'denoisingStrength'),
    model: models.length > 0 && model === undefined,
    steps: model !== undefined && !hasStepsOfThePage(request, model),
    guidance: isOwn(request, 'guidance'),
    productScale: isOwn(request, 'productScale'),
  };
}

/** Whether it is other than what the service fills in. Without its model, nobody knows. */
function isOwn(request: Request, name: keyof NonNullable<Request['defaults']> & keyof Request): boolean {
  return request.defaults !== null && JSON.stringify(request[name]) !== JSON.stringify(request.defaults[name]);
}

function hasStepsOfThePage({ sampler, steps, strength }: Request, model: Model): boolean {
  if (sampler !== 'TURBO') return sampler === model.defaults.sampler && steps === model.defaults.steps;
  return steps === student({ method: 'NOISE', strength: strength.min }, model)?.steps;
}

function several(ids: readonly string[] | null | undefined): boolean {
  return (ids?.length ?? 0) > 1;
}

function namesOf<Name extends string>(has: Partial<Record<Name, boolean>>): Name[] {
  return (Object.keys(has) as Name[]).filter((name) => has[name]);
}
