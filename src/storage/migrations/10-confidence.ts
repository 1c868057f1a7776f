/** How sure the mask module is of a sample's mask; samples from noise are rejected by it too, and then nothing else was measured. */
export const confidence: readonly string[] = [
  `alter table sample add column confidence double precision`,
  `create index sample_by_confidence on sample (tenant_id, confidence) where confidence is not null`,
  `alter table generation_rejection add column confidence double precision,
    alter column visibility drop not null, alter column agreement drop not null`,
];
