/** What the service fills in today for the fields that a request like an accepted one could leave out. */
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { Limits } from '../config.js';
import { ServiceError } from '../errors.js';
import { DEFAULT_VARIATION } from '../inference/index.js';
import type { GenerationSettings } from '../storage/jsonColumns.js';
import type { GenerationInput } from './admission/generationInput.js';
import { DEFAULT_DENOISING_STRENGTH, DEFAULT_MASK_CONVENTION } from './admission/resolvePhotograph.js';
import { DEFAULT_HARMONIZE, resolveHarmonizing } from './admission/resolveTransplant.js';
import { resolveRequest } from './admission/resolveRequest.js';

/** @param input the accepted request as input. Null if its model is not there any more, or no longer draws it. */
export function requestDefaults(
  { partNumber, defectCode, model, strength, reference, defectReference, twin, sampler }: GenerationInput,
  { product, defect, coverage }: Pick<GenerationSettings, 'product' | 'defect' | 'coverage'>,
  models: ModelRegistry,
  limits: Limits,
) {
  const drawn = defectReference == null ? { sampler } : { defectReference };
  const least = { partNumber, defectCode, model, strength, reference, twin, ...drawn };
  try {
    const bundle = models.find(model);
    const harmonizing = resolveHarmonizing(least, bundle, coverage, 'input');
    const pair = `${product}/${defect}`;
    const { settings } = resolveRequest(least, { bundle, pair, coverage, harmonizing, limits }, 'input');
    const { guidance, productScale, maskMode, quality } = settings;
    const transplanted = harmonizing !== undefined;
    const onImage = reference != null && !transplanted;
    return {
      ...{ guidance, productScale, maskMode },
      quality: quality == null ? null : { minimumConfidence: 0, ...quality, maximumDraws: quality.maximumAttempts },
      denoisingStrength: onImage ? DEFAULT_DENOISING_STRENGTH : null,
      maskConvention: onImage ? DEFAULT_MASK_CONVENTION : null,
      harmonize: transplanted ? DEFAULT_HARMONIZE : null,
      variation:
        transplanted && defectReference?.cutPaste == null ? { ...DEFAULT_VARIATION, place: 'FITTING' as const } : null,
    };
  } catch (error) {
    // The model, or the bounds of the service, are others than when the request was accepted.
    if (error instanceof ServiceError) return null;
    throw error;
  }
}
