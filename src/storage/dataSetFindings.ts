/** What data sets store of their findings. */
export const FINDING_KINDS = [
  'MASK_MAY_BE_INVERTED',
  'DEFECT_TINY',
  'SMALLER_THAN_WINDOW',
  'FEW_PHOTOGRAPHS',
  'NO_TEST_PHOTOGRAPHS',
  'GOOD_AND_DEFECTIVE',
] as const;

export interface DataSetFinding {
  readonly kind: (typeof FINDING_KINDS)[number];
  /** For people, without the name of the photograph. */
  readonly message: string;
}
