/** A request's sampler by name, with the timesteps that belong to it. */
import type { SamplerName } from '../../types.js';
import type { NoiseSchedule } from '../schedule.js';
import { alphasCumprod, timestepsAboveZero, timestepsToZero } from '../schedule.js';
import { ddim } from './ddim.js';
import type { VarianceType } from './ddpm.js';
import { ddpm } from './ddpm.js';
import { dpmSolverPp } from './dpmSolver.js';
import type { Sampler } from './sampler.js';

export type { Sampler, SamplerResult, SamplerStep } from './sampler.js';

/** @throws RangeError when there are fewer timesteps than steps. */
export function samplerFor(
  name: SamplerName,
  schedule: NoiseSchedule & { varianceType: VarianceType },
  steps: number,
): Sampler {
  const alphaBar = alphasCumprod(schedule);
  switch (name) {
    case 'DDPM':
      return ddpm(alphaBar, timestepsToZero(schedule.numTrainTimesteps, steps), schedule.varianceType);
    case 'DDIM':
      return ddim(alphaBar, timestepsToZero(schedule.numTrainTimesteps, steps));
    case 'DPM_SOLVER_PP':
      return dpmSolverPp(alphaBar, timestepsAboveZero(schedule.numTrainTimesteps, steps));
  }
}
