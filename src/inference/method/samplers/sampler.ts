/** What the three samplers have in common: the shape of a step, and the estimate of x_0 that each starts from. */

export interface SamplerStep {
  /** Which entry of `timesteps` the prediction was made at. */
  readonly index: number;
  /** x_t */
  readonly latent: Float32Array;
  /** ε, guided */
  readonly epsilon: Float32Array;
  /** v of a model that learned its variance (−1 … 1), where the sampler uses it. */
  readonly variance?: Float32Array | undefined;
  /** The estimate of x_0 that the step before gave; `null` at the first. */
  readonly previousPrediction: Float32Array | null;
  /** The step's own noise; asked for by ancestral samplers alone. */
  readonly noise: () => Float32Array;
}

export interface SamplerResult {
  /** x at the next, less noisy, entry of `timesteps`; x_0 after the last. */
  readonly latent: Float32Array<ArrayBuffer>;
  /** The estimate of x_0, unclipped: latents have no natural bound. */
  readonly predictedOriginal: Float32Array<ArrayBuffer>;
}

/** A sampler holds tables alone; what changes from step to step is the caller's, so samples can be at any step side by side. */
export interface Sampler {
  /** The noisiest first. */
  readonly timesteps: readonly number[];
  step(input: SamplerStep): SamplerResult;
}

/** x_0 = (x_t − √(1−ᾱ_t)·ε) / √ᾱ_t, element by element. */
export function predictOriginal(latent: Float32Array, epsilon: Float32Array, alphaBar: number): Float64Array {
  const [signal, noise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  const estimate = new Float64Array(latent.length);
  for (let i = 0; i < estimate.length; i++) estimate[i] = (at(latent, i) - noise * at(epsilon, i)) / signal;
  return estimate;
}

/** `array[index]` where the index is known to be inside: two arrays of one length, or a table and its own index. */
export function at(array: ArrayLike<number>, index: number): number {
  const value = array[index];
  if (value === undefined)
    throw new RangeError(`index ${String(index)} is outside an array of ${String(array.length)}`);
  return value;
}
