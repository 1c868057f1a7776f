/** Whether a model draws the sample. A transplant without a harmonizing pass needs none. */
import type { SampleRequest } from './types.js';

export function usesModel({ transplant, strength }: SampleRequest): boolean {
  return transplant == null || (transplant.denoisingStrength > 0 && strength > 0);
}
