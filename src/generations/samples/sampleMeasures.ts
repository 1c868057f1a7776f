/** The numbers that samples have, or can have: by them, lists are filtered and sorted, and statistics are made. */

/** By the name of the API: the columns. */
export const SAMPLE_MEASURES = {
  STRENGTH: 'strength',
  AREA_FRACTION: 'areaFraction',
  CONFIDENCE: 'confidence',
  VISIBILITY: 'visibility',
  AGREEMENT: 'agreement',
  SEAM: 'seam',
  DIRECTION: 'direction',
} as const;

export type SampleMeasure = keyof typeof SAMPLE_MEASURES;
export type MeasureColumn = (typeof SAMPLE_MEASURES)[SampleMeasure];
