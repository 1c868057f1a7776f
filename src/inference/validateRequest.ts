/** Validates a request before it reaches a device. */
import { coverage } from './bundle/coverage.js';
import type { Bundle } from './bundle/manifest.js';
import { InferenceError } from './errors.js';
import { stepsAtStrength } from './method/inpainting.js';
import { timestepsFor } from './method/samplers/index.js';
import type { InpaintingRequest, MaskConvention, SampleRequest, SamplerName } from './types.js';
import { usesModel } from './usesModel.js';

/** The values of the enumerated fields. */
const CHOICES: { readonly [Field in 'sampler' | 'guidance' | 'maskMode']: readonly SampleRequest[Field][] } = {
  sampler: ['DPM_SOLVER_PP', 'DDIM', 'DDPM', 'TURBO'],
  guidance: ['DOUBLE_FREE', 'PRODUCT_RELATIVE'],
  maskMode: ['AVERAGE_FEATURES', 'AVERAGE_PIXELS'],
};

const MASK_CONVENTIONS: readonly MaskConvention[] = ['CHANGE', 'OUTLINE'];

const MAXIMUM_SEED = 2 ** 31 - 1;

/** The ranges of the manifest are recommendations, not bounds. @throws InferenceError that names the field, the bound, and the value. */
export function validateRequest(request: SampleRequest, bundle: Bundle): void {
  requireInteger('seed', request.seed, 0, MAXIMUM_SEED);
  for (const field of ['strength', 'productScale'] as const) {
    if (!Number.isFinite(request[field]))
      throw new InferenceError(`${field} must be a finite number, got ${String(request[field])}`);
  }
  if (!usesModel(request)) return;
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
  if (request.sampler === 'TURBO') validateTurbo(request, bundle);
  const { min, max } = stepBounds(request.sampler, schedule.numTrainTimesteps);
  requireInteger('steps', request.steps, min, max);
  const onImage = request.inpainting ?? request.transplant;
  if (onImage != null) validateOnImage(request, onImage.denoisingStrength, bundle);
  if (request.inpainting != null) validateMaskConvention(request.inpainting);
}

/** A student knows the steps and the scales that it learnt, and no others. */
function validateTurbo(request: SampleRequest, { id, manifest: { turbo } }: Bundle): void {
  if (turbo === undefined) throw new InferenceError(`sampler TURBO needs a student, which ${id} does not have`);
  if (!turbo.steps.includes(request.steps))
    throw new InferenceError(`steps must be ${turbo.steps.join(', ')} for TURBO, got ${String(request.steps)}`);
  for (const field of ['strength', 'productScale'] as const) {
    const { min, max } = turbo[field];
    if (request[field] < min || request[field] > max)
      throw new InferenceError(
        `${field} must be from ${String(min)} to ${String(max)} for TURBO, got ${String(request[field])}`,
      );
  }
}

/** Drawing on an image excludes ancestral samplers: they add noise at every step, which the pixels outside the region do not have. */
function validateOnImage({ sampler }: SampleRequest, denoisingStrength: number, { id, manifest }: Bundle): void {
  if (manifest.components.image_encoder === undefined)
    throw new InferenceError(`${id} has no image encoder, so it cannot draw on photographs`);
  if (sampler === 'DDPM')
    throw new InferenceError('sampler must be DPM_SOLVER_PP, DDIM or TURBO to draw on a photograph, got DDPM');
  if (!(denoisingStrength > 0 && denoisingStrength <= 1))
    throw new InferenceError(`denoisingStrength must be above 0 and at most 1, got ${String(denoisingStrength)}`);
}

function validateMaskConvention({ maskConvention = 'CHANGE' }: InpaintingRequest): void {
  if (!MASK_CONVENTIONS.includes(maskConvention))
    throw new InferenceError(
      `maskConvention must be one of ${MASK_CONVENTIONS.join(', ')}, got "${String(maskConvention)}"`,
    );
}

/**
 * The numbers of steps that a sampler can take. DPM-Solver++ leaves out t = 0, so it has one timestep less to visit. The other samplers end
 * at t = 0. With one step they would also start there and take noise for a finished image.
 */
export function stepBounds(sampler: SamplerName, numTrainTimesteps: number): { min: number; max: number } {
  return sampler === 'DPM_SOLVER_PP' || sampler === 'TURBO'
    ? { min: 1, max: numTrainTimesteps - 1 }
    : { min: 2, max: numTrainTimesteps };
}

/** The number of steps that a sampler takes for inpainting: those of its timesteps that the denoising strength includes. */
export function inpaintingSteps(
  sampler: SamplerName,
  schedule: Bundle['manifest']['schedule'],
  steps: number,
  denoisingStrength: number,
): number {
  return stepsAtStrength(timestepsFor(sampler, schedule, steps), denoisingStrength);
}

function requireInteger(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InferenceError(
      `${field} must be a whole number from ${String(least)} to ${String(most)}, got ${String(value)}`,
    );
  }
}
