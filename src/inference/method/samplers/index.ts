/** Creates a sampler by its name, with its timesteps. */
import type { SamplerName } from '../../types.js';
import type { NoiseSchedule } from '../noiseSchedule.js';
import { alphasCumprod, timestepsAboveZero, timestepsToZero } from '../noiseSchedule.js';
import { ddim } from './ddim.js';
import type { VarianceType } from './ddpm.js';
import { ddpm } from './ddpm.js';
import { dpmSolverPp } from './dpmSolver.js';
import type { Sampler } from './sampler.js';
import { turbo } from './turbo.js';

export type { Sampler, SamplerResult, SamplerStep } from './sampler.js';

/** The timesteps that a sampler visits, noisiest first. @throws RangeError if there are fewer timesteps than steps. */
export function timestepsFor(name: SamplerName, { numTrainTimesteps }: NoiseSchedule, steps: number): number[] {
  return name === 'DPM_SOLVER_PP' || name === 'TURBO'
    ? timestepsAboveZero(numTrainTimesteps, steps)
    : timestepsToZero(numTrainTimesteps, steps);
}

/** @throws RangeError if there are fewer timesteps than steps. */
export function createSampler(
  name: SamplerName,
  schedule: NoiseSchedule & { varianceType: VarianceType },
  steps: number,
): Sampler {
  const alphaBar = alphasCumprod(schedule);
  const timesteps = timestepsFor(name, schedule, steps);
  switch (name) {
    case 'DDPM':
      return ddpm(alphaBar, timesteps, schedule.varianceType);
    case 'DDIM':
      return ddim(alphaBar, timesteps);
    case 'DPM_SOLVER_PP':
      return dpmSolverPp(alphaBar, timesteps);
    case 'TURBO':
      return turbo(alphaBar, timesteps);
  }
}
