/**
 * What the denoiser is asked and what it says.
 *
 *   B samples, U background rows, R rows, K rows of masks; latent [C,h,w]
 */

/** What rows are told: those of one sample, or of all that take part in a call. */
export interface RowConditions {
  /** [U]: what each background row is told, c_p */
  readonly background: readonly string[];
  /** [R]: the background row that each row continues */
  readonly rowBackground: readonly number[];
  /** [R]: c_d */
  readonly defect: readonly string[];
  /** [R]: c_f */
  readonly fusion: readonly string[];
}

/** One call of the denoiser: every row of every sample that takes part in it. */
export interface Evaluation extends RowConditions {
  /** B of [C,h,w] */
  readonly latents: readonly Float32Array[];
  /** [B] */
  readonly timesteps: readonly number[];
  /** [U]: the sample that each background row reads */
  readonly backgroundSample: readonly number[];
  /** [K]: the rows whose mask features are wanted */
  readonly maskRows: readonly number[];
}

/** What the denoiser says of one row. */
export interface Prediction {
  /** ε [C,h,w] */
  readonly noise: Float32Array;
  /** M_f [C,h,w], of the rows that it was wanted of */
  readonly maskFeature: Float32Array | undefined;
  /** v [C,h,w], of a model that learned its variance */
  readonly variance: Float32Array | undefined;
}
