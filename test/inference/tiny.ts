/** The bundle of a few kilobytes (golden/make_tiny_bundle.py), and a sample of it. */
import { fileURLToPath } from 'node:url';

import type { SampleRequest } from '../../src/inference/index.js';

export const tinyModels = fileURLToPath(new URL('./models', import.meta.url));

export const tinyRequest: SampleRequest = {
  id: 'one',
  bundle: 'tiny@1.0.0',
  product: 'metal nut',
  defect: 'scratch',
  seed: 7,
  strength: 1.5,
  productScale: 1.2,
  steps: 8,
  sampler: 'DPM_SOLVER_PP',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
};
