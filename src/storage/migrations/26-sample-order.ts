/**
 * Samples are sorted by their numbers, and those with the same number by id. Each index also finds the samples without
 * the number, which come last. It replaces one that only filtered; a condition on the number reads either.
 */
const MEASURES = ['strength', 'area_fraction', 'confidence', 'visibility', 'agreement', 'seam', 'direction'];

export const sampleOrder: readonly string[] = [
  ...MEASURES.flatMap((measure) => [
    `create index sample_order_by_${measure} on sample (tenant_id, ${measure}, id)`,
    `drop index sample_by_${measure}`,
  ]),
  `create index sample_order_by_age on sample (tenant_id, created_at, id)`,
  `drop index sample_by_age`,
];
