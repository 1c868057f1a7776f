/** The adapters of the student's bundle (golden/make_student_adapters.py): a few kilobytes each, so their samples take milliseconds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Bundle, SampleRequest } from '../../src/inference/index.js';
import { parseAdapter } from '../../src/inference/index.js';

export const STUDENT_MODELS = join(process.cwd(), 'test/inference/student/models');
export const STUDENT_ADAPTERS = join(process.cwd(), 'test/inference/student/adapters');

/** Not listed in a models directory: as a tenant's own. */
export function adapterOf(name: 'cog' | 'ring', bundles: readonly Bundle[], id = `${name}@1.0.0`): Bundle {
  const directory = join(STUDENT_ADAPTERS, name, '1.0.0');
  const file = join(directory, 'adapter.json');
  return { ...parseAdapter(readFileSync(file, 'utf8'), { file, directory, bundles }), id };
}

export function requestOf(bundle: string, product: string, steps = 6): SampleRequest {
  return {
    id: bundle,
    bundle,
    product,
    defect: 'dent',
    seed: 5,
    strength: 1.5,
    productScale: 1,
    steps,
    sampler: 'DPM_SOLVER_PP',
    guidance: 'DOUBLE_FREE',
    maskMode: 'AVERAGE_FEATURES',
  };
}
