/** The noise schedule of the forward process x_t = √ᾱ_t·x_0 + √(1−ᾱ_t)·ε, and the timesteps that a sampler visits. Scalars are float64. */
import { roundHalfToEven } from './rounding.js';

export interface NoiseSchedule {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: 'linear' | 'scaled_linear';
}

/** β_t: linear in t, or (`scaled_linear`, Stable Diffusion's) linear in √β. */
export function betas({ numTrainTimesteps, betaStart, betaEnd, betaSchedule }: NoiseSchedule): Float64Array {
  if (betaSchedule === 'linear') return linspace(betaStart, betaEnd, numTrainTimesteps);
  return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), numTrainTimesteps).map((root) => root * root);
}

/** ᾱ_t = ∏_{s≤t} (1 − β_s) */
export function alphasCumprod(schedule: NoiseSchedule): Float64Array {
  let product = 1;
  return betas(schedule).map((beta) => (product *= 1 - beta));
}

/** The `steps` timesteps of DDPM and DDIM, noisiest first: linspace(0, T−1, N) rounded, which includes t = 0. */
export function timestepsToZero(numTrainTimesteps: number, steps: number): number[] {
  requireSteps(steps, numTrainTimesteps);
  return [...linspace(0, numTrainTimesteps - 1, steps)].map(roundHalfToEven).reverse();
}

/** The `steps` timesteps of DPM-Solver++, noisiest first: linspace(0, T−1, N+1) rounded, without t = 0, which σ = 0 replaces. */
export function timestepsAboveZero(numTrainTimesteps: number, steps: number): number[] {
  requireSteps(steps, numTrainTimesteps - 1);
  return [...linspace(0, numTrainTimesteps - 1, steps + 1)].map(roundHalfToEven).reverse().slice(0, -1);
}

/** With more steps than timesteps, a timestep would be visited twice, and a solver step of width zero divides by zero. */
function requireSteps(steps: number, most: number): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new RangeError(`steps must be a whole number from 1 to ${String(most)}, got ${String(steps)}`);
  }
}

/** Like numpy's: start + i·step, the last one exact. The rounding of the product decides ties, so the operations are the same. */
function linspace(start: number, stop: number, count: number): Float64Array {
  const step = (stop - start) / (count - 1);
  return Float64Array.from({ length: count }, (_, i) =>
    i > 0 && i === count - 1 ? stop : i === 0 ? start : i * step + start,
  );
}
