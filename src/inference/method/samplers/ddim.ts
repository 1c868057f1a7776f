/**
 * DDIM with η = 0 (Song et al. 2021, Eq. 12): x_prev = √ᾱ_prev·x_0 + √(1−ᾱ_prev)·ε, and ᾱ = 1 after the last step.
 * A step goes to the next entry of the list. diffusers goes to t − T/N, which drifts off a "linspace" list.
 */
import type { Sampler } from './sampler.js';
import { at, predictOriginal } from './sampler.js';

export function ddim(alphaBar: Float64Array, timesteps: readonly number[]): Sampler {
  return {
    timesteps,
    step({ index, latent, epsilon }) {
      const estimate = predictOriginal(latent, epsilon, at(alphaBar, at(timesteps, index)));
      const next = timesteps[index + 1];
      const alphaBarNext = next === undefined ? 1 : at(alphaBar, next);
      const [signal, noise] = [Math.sqrt(alphaBarNext), Math.sqrt(1 - alphaBarNext)];
      const stepped = new Float32Array(latent.length);
      for (let i = 0; i < stepped.length; i++) stepped[i] = signal * at(estimate, i) + noise * at(epsilon, i);
      return { latent: stepped, predictedOriginal: new Float32Array(estimate) };
    },
  };
}
