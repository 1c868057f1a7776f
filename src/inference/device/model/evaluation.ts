/**
 * The input and output of one evaluation of the denoiser.
 *
 *   B samples, U background rows, R rows, K mask rows; latent [C,h,w]
 */
import type { TurboGuidance } from '../../method/guidance.js';

/** What a student hears at a step, besides the conditions of its row. */
export interface TurboStep {
  /** Where the step leads; 0 for the last step, which leads to x_0. */
  readonly nextTimestep: number;
  readonly guidance: TurboGuidance;
}

/** The conditions of rows: those of one sample, or of all samples of an evaluation. */
export interface RowConditions {
  /** The ID of the adapter whose words these are. */
  readonly adapter: string | null;
  /** [U]: c_p of each background row */
  readonly background: readonly string[];
  /** [R]: the background row that each row continues */
  readonly rowBackground: readonly number[];
  /** [R]: c_d */
  readonly defect: readonly string[];
  /** [R]: c_f */
  readonly fusion: readonly string[];
}

/** The rows of all samples of one evaluation. */
export interface Evaluation extends Omit<RowConditions, 'adapter'> {
  /** B of [C,h,w] */
  readonly latents: readonly Float32Array[];
  /** [B] */
  readonly timesteps: readonly number[];
  /** [B]: the ID of the adapter of each sample; `null` for the bundle's own words */
  readonly adapters: readonly (string | null)[];
  /** [B]: `null` for the bundle's own sampling */
  readonly turbo: readonly (TurboStep | null)[];
  /** [U]: the sample that each background row reads */
  readonly backgroundSample: readonly number[];
  /** [K]: the rows whose mask features are requested */
  readonly maskRows: readonly number[];
}

/** The output of one row. */
export interface Prediction {
  /** ε [C,h,w] */
  readonly noise: Float32Array;
  /** M_f [C,h,w], for the requested rows */
  readonly maskFeature: Float32Array | undefined;
  /** v [C,h,w], from a model with learned variance */
  readonly variance: Float32Array | undefined;
}
