/**
 * DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2, midpoint), as diffusers runs it with final sigma zero:
 *
 *   first order    x_t = (σ_t/σ_s)·x_s − α_t(e^{−h}−1)·m0
 *   second order   … − ½·α_t(e^{−h}−1)·D1,   D1 = (m0 − m1)/r0,   r0 = h_before/h
 *
 * with α = √ᾱ, σ = √(1−ᾱ), λ = log(α/σ), h = λ_t − λ_s. m0 and m1 are the predictions of x_0 at this step and the previous one.
 * The first step has no m1. The last step goes to σ = 0, where e^{−h} = 0 and the first-order step gives m0.
 */
import type { Sampler } from './sampler.js';
import { at, predictOriginal } from './sampler.js';

export function dpmSolverPp(alphaBar: Float64Array, timesteps: readonly number[]): Sampler {
  const alphaBars = timesteps.map((t) => at(alphaBar, t));
  const lambdas = alphaBars.map((a) => Math.log(a / (1 - a)) / 2);

  return {
    timesteps,
    step({ index, latent, epsilon, previousPrediction }) {
      const here = at(alphaBars, index);
      const estimate = predictOriginal(latent, epsilon, here);
      const next = new Float32Array(latent.length);
      const result = { latent: next, predictedOriginal: new Float32Array(estimate) };

      const target = alphaBars[index + 1];
      if (target === undefined) {
        next.set(estimate);
        return result;
      }

      const h = at(lambdas, index + 1) - at(lambdas, index);
      const keep = Math.sqrt((1 - target) / (1 - here));
      const gain = -Math.sqrt(target) * Math.expm1(-h);
      if (previousPrediction === null) {
        for (let i = 0; i < next.length; i++) next[i] = keep * at(latent, i) + gain * at(estimate, i);
        return result;
      }

      const r0 = (at(lambdas, index) - at(lambdas, index - 1)) / h;
      for (let i = 0; i < next.length; i++) {
        const m0 = at(estimate, i);
        const d1 = (m0 - at(previousPrediction, i)) / r0;
        next[i] = keep * at(latent, i) + gain * (m0 + 0.5 * d1);
      }
      return result;
    },
  };
}
