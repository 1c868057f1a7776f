/**
 * The steps of a student: x_t = √ᾱ_t·x_0 + √(1−ᾱ_t)·ε along the predicted x_0 and ε, and x_0 itself after the last step. Reference:
 * training/defectdiffu/sampling/turbo.py.
 */
import type { Sampler } from './sampler.js';
import { at, predictOriginal } from './sampler.js';

export function turbo(alphaBar: Float64Array, timesteps: readonly number[]): Sampler {
  const alphaBars = [...timesteps.map((t) => at(alphaBar, t)), 1];
  return {
    timesteps,
    step({ index, latent, epsilon }) {
      const estimate = predictOriginal(latent, epsilon, at(alphaBars, index));
      const following = at(alphaBars, index + 1);
      const [signal, noise] = [Math.sqrt(following), Math.sqrt(1 - following)];
      const next = Float32Array.from(estimate, (value, i) => signal * value + noise * at(epsilon, i));
      return { latent: next, predictedOriginal: new Float32Array(estimate) };
    },
  };
}
