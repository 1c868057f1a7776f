/** What stands inside the JSON columns of exports. */

export interface ExportSettings {
  readonly cocoSegmentation: 'POLYGONS' | 'RLE';
  /** Whether pictures without a defect are in it: normal twins, and the photographs that were drawn on. */
  readonly normals: boolean;
  /** Share of the samples, and of the pictures without a defect, that are kept for testing. */
  readonly heldOutFraction: number;
  readonly splitSeed: number;
  /** As it was given. */
  readonly filter: Readonly<Record<string, unknown>> | null;
}

export interface ExportFailure {
  readonly code: 'EXPORT_FAILED' | 'STORAGE_FAILED' | 'TOO_MANY_ATTEMPTS';
  readonly message: string;
}
