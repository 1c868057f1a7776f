/**
 * DDPM, the ancestral sampler (Ho et al. 2020), over a subset of the timesteps with the betas that the subset implies
 * (Nichol & Dhariwal 2021): β'_i = 1 − ᾱ_i / ᾱ_{i−1}, and ᾱ_{−1} = 1.
 */
import type { Sampler } from './sampler.js';
import { at, predictOriginal } from './sampler.js';

export type VarianceType = 'fixed_small' | 'learned_range';

/** The posterior q(x_{t−1} | x_t, x_0) at each visited timestep, least noisy first. */
export interface Posterior {
  readonly beta: Float64Array;
  /** β̃ = β·(1−ᾱ_prev)/(1−ᾱ); zero at index 0 */
  readonly variance: Float64Array;
  /** log β̃. Entry 0 is that of index 1, because log 0 is −∞. */
  readonly logVariance: Float64Array;
  /** mean = meanOfClean·x_0 + meanOfLatent·x_t */
  readonly meanOfClean: Float64Array;
  readonly meanOfLatent: Float64Array;
}

/** @param alphaBars ᾱ at the visited timesteps, least noisy first */
export function posterior(alphaBars: Float64Array): Posterior {
  const previous = alphaBars.map((_, i) => (i === 0 ? 1 : at(alphaBars, i - 1)));
  const beta = alphaBars.map((alphaBar, i) => 1 - alphaBar / at(previous, i));
  const variance = alphaBars.map((alphaBar, i) => (at(beta, i) * (1 - at(previous, i))) / (1 - alphaBar));
  return {
    beta,
    variance,
    logVariance: variance.map((value, i) => Math.log(i === 0 ? (variance[1] ?? at(beta, 0)) : value)),
    meanOfClean: alphaBars.map((alphaBar, i) => (at(beta, i) * Math.sqrt(at(previous, i))) / (1 - alphaBar)),
    meanOfLatent: alphaBars.map((alphaBar, i) => ((1 - at(previous, i)) * Math.sqrt(1 - at(beta, i))) / (1 - alphaBar)),
  };
}

/** @param alphaBar ᾱ of every training timestep @param timesteps the timesteps to visit, noisiest first */
export function ddpm(alphaBar: Float64Array, timesteps: readonly number[], varianceType: VarianceType): Sampler {
  const visited = Float64Array.from(timesteps, (t) => at(alphaBar, t)).reverse();
  const table = posterior(visited);

  /** σ: log σ² = f·log β + (1−f)·log β̃ with f = (v+1)/2, or log β̃ if the variance is fixed. */
  const deviations = (i: number, variance: Float32Array | undefined): ((n: number) => number) => {
    const [large, small] = [Math.log(at(table.beta, i)), at(table.logVariance, i)];
    if (varianceType === 'fixed_small') {
      const sigma = Math.exp(0.5 * small);
      return () => sigma;
    }
    if (variance === undefined) throw new TypeError('this schedule has a learned variance, and the denoiser gave none');
    return (n) => {
      const f = (at(variance, n) + 1) / 2;
      return Math.exp(0.5 * (f * large + (1 - f) * small));
    };
  };

  return {
    timesteps,
    step({ index, latent, epsilon, variance, noise }) {
      const i = timesteps.length - 1 - index;
      const estimate = predictOriginal(latent, epsilon, at(visited, i));
      const [ofClean, ofLatent] = [at(table.meanOfClean, i), at(table.meanOfLatent, i)];
      const mean = (n: number): number => ofClean * at(estimate, n) + ofLatent * at(latent, n);
      const next = new Float32Array(latent.length);
      // The last step adds no noise: the result is the mean.
      if (i === 0) for (let n = 0; n < next.length; n++) next[n] = mean(n);
      else {
        const [z, sigma] = [noise(), deviations(i, variance)];
        for (let n = 0; n < next.length; n++) next[n] = mean(n) + sigma(n) * at(z, n);
      }
      return { latent: next, predictedOriginal: new Float32Array(estimate) };
    },
  };
}
