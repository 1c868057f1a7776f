/** The contents of the JSON columns of exports. */

export interface ExportSettings {
  readonly cocoSegmentation: 'POLYGONS' | 'RLE';
  /** Whether images without a defect are included: normal twins, and the photographs that samples were drawn on. */
  readonly normals: boolean;
  /** The share of samples, and of images without a defect, that are held out for testing. */
  readonly heldOutFraction: number;
  readonly splitSeed: number;
  /** Defect codes by class number, as the list was when the export was accepted. Absent in exports of former versions. */
  readonly classes?: readonly string[];
  /** Which defective photographs are exported, too. Absent in exports of former versions: none. */
  readonly photographs?: ExportedPhotographKinds;
  /** The filter of the request. */
  readonly filter: Readonly<Record<string, unknown>> | null;
}

export interface ExportedPhotographKinds {
  /** Those of the pairs that samples are exported of. */
  readonly own: boolean;
  readonly ofOtherProducts: boolean;
}

export interface ExportFailure {
  readonly code: 'EXPORT_FAILED' | 'STORAGE_FAILED' | 'TOO_MANY_ATTEMPTS';
  readonly message: string;
}
