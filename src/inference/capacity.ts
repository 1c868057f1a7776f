/** How much a device takes at a time. */

/** A step of so many samples of three rows each took this long. */
export interface CurvePoint {
  readonly samples: number;
  readonly seconds: number;
}

/** Of one bundle on one device. */
export interface Capacity {
  readonly bundle: string;
  /** That one evaluation of the denoiser may have. */
  readonly rows: number;
  /** As it was measured, the fewest samples first; empty where the rows were given. */
  readonly curve: readonly CurvePoint[];
}
