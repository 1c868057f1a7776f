/** What the samplers have in common: the input and output of a step, and the prediction of x_0. */

export interface SamplerStep {
  /** Which entry of `timesteps` the prediction was made at. */
  readonly index: number;
  /** x_t */
  readonly latent: Float32Array;
  /** ε, guided */
  readonly epsilon: Float32Array;
  /** v of a model with learned variance (−1 … 1), for samplers that use it. */
  readonly variance?: Float32Array | undefined;
  /** The prediction of x_0 of the previous step; `null` at the first step. */
  readonly previousPrediction: Float32Array | null;
  /** The noise of the step, for ancestral samplers. */
  readonly noise: () => Float32Array;
}

export interface SamplerResult {
  /** x at the next entry of `timesteps`; x_0 after the last. */
  readonly latent: Float32Array<ArrayBuffer>;
  /** The prediction of x_0. It is not clipped, because latents have no natural bound. */
  readonly predictedOriginal: Float32Array<ArrayBuffer>;
}

/** A sampler holds only tables. The caller keeps the state, so samples can be at different steps. */
export interface Sampler {
  /** Noisiest first. */
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

/** `array[index]` for an index that is known to be inside. */
export function at(array: ArrayLike<number>, index: number): number {
  const value = array[index];
  if (value === undefined)
    throw new RangeError(`index ${String(index)} is outside an array of ${String(array.length)}`);
  return value;
}
