/** Whether a request can be drawn at all, before it reaches a device. */
import { coverage } from './bundle/coverage.js';
import type { Bundle } from './bundle/manifest.js';
import { InferenceError } from './errors.js';
import { stepsAtStrength } from './method/inpainting.js';
import { timestepsFor } from './method/samplers/index.js';
import type { InpaintingRequest, SampleRequest, SamplerName } from './types.js';

/** What a caller that is not typed may get wrong. */
const CHOICES: { readonly [Field in 'sampler' | 'guidance' | 'maskMode']: readonly SampleRequest[Field][] } = {
  sampler: ['DPM_SOLVER_PP', 'DDIM', 'DDPM'],
  guidance: ['DOUBLE_FREE', 'PRODUCT_RELATIVE'],
  maskMode: ['AVERAGE_FEATURES', 'AVERAGE_PIXELS'],
};

const MAXIMUM_SEED = 2 ** 31 - 1;

/** @throws InferenceError naming the field, the bound and the value. The ranges of the manifest are advice for users, not bounds of the method. */
export function validateRequest(request: SampleRequest, bundles: readonly Bundle[]): void {
  const bundle = bundles.find(({ id }) => id === request.bundle);
  if (bundle === undefined) {
    throw new InferenceError(
      `bundle "${request.bundle}" is not loaded; there is ${bundles.map(({ id }) => id).join(', ')}`,
    );
  }
  const { vocabulary, schedule, prompts } = bundle.manifest;
  if (coverage(bundle.manifest, request.product, request.defect) === 'UNSUPPORTED') {
    throw new InferenceError(
      `${bundle.id} cannot draw "${request.defect}" on "${request.product}"; it knows the products ${vocabulary.products.join(', ')} ` +
        `and the defects ${[prompts.normal, ...vocabulary.defects].join(', ')}`,
    );
  }
  for (const field of ['sampler', 'guidance', 'maskMode'] as const) {
    const choices: readonly string[] = CHOICES[field];
    if (!choices.includes(request[field]))
      throw new InferenceError(`${field} must be one of ${choices.join(', ')}, got "${request[field]}"`);
  }
  requireInteger('seed', request.seed, 0, MAXIMUM_SEED);
  const { min, max } = stepBounds(request.sampler, schedule.numTrainTimesteps);
  requireInteger('steps', request.steps, min, max);
  if (request.inpainting != null) validateInpainting(request, request.inpainting, bundle);
  for (const field of ['strength', 'productScale'] as const) {
    if (!Number.isFinite(request[field]))
      throw new InferenceError(`${field} must be a finite number, got ${String(request[field])}`);
  }
}

/** An ancestral sampler adds noise of its own at every step, which what is outside the region does not follow. */
function validateInpainting(
  { sampler }: SampleRequest,
  { denoisingStrength }: InpaintingRequest,
  { id, manifest }: Bundle,
): void {
  if (manifest.components.image_encoder === undefined)
    throw new InferenceError(`${id} has no image encoder, so it cannot draw on photographs`);
  if (sampler === 'DDPM')
    throw new InferenceError('sampler must be DPM_SOLVER_PP or DDIM to draw on a picture, got DDPM');
  if (!(denoisingStrength > 0 && denoisingStrength <= 1))
    throw new InferenceError(`freedom must be above 0 and at most 1, got ${String(denoisingStrength)}`);
}

/**
 * How many steps a sampler can take. DPM-Solver++ leaves out t = 0, so it has one timestep less to visit; the others end
 * there, and with one step would begin there too and take noise for a finished picture.
 */
export function stepBounds(sampler: SamplerName, numTrainTimesteps: number): { min: number; max: number } {
  return sampler === 'DPM_SOLVER_PP' ? { min: 1, max: numTrainTimesteps - 1 } : { min: 2, max: numTrainTimesteps };
}

/** How many steps a sampler takes on a photograph: those of its timesteps that lie within the freedom. */
export function inpaintingSteps(
  sampler: SamplerName,
  schedule: Bundle['manifest']['schedule'],
  steps: number,
  freedom: number,
): number {
  return stepsAtStrength(timestepsFor(sampler, schedule, steps), freedom);
}

function requireInteger(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InferenceError(
      `${field} must be a whole number from ${String(least)} to ${String(most)}, got ${String(value)}`,
    );
  }
}
