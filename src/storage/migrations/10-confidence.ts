/**
 * The confidence of the model in a sample's mask. Samples from noise can be rejected by confidence alone, so the other
 * scores become optional.
 */
export const confidence: readonly string[] = [
  `alter table sample add column confidence double precision`,
  `create index sample_by_confidence on sample (tenant_id, confidence) where confidence is not null`,
  `alter table generation_rejection add column confidence double precision,
    alter column visibility drop not null, alter column agreement drop not null`,
];
