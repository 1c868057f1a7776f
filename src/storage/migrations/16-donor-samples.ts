/** A sample can be the donor of transplants, which keep it from expiring before them. */
export const donorSamples: readonly string[] = [
  `alter table sample
    add column donor_sample_id uuid,
    add foreign key (tenant_id, donor_sample_id) references sample (tenant_id, id) on delete set null (donor_sample_id)`,
  `create index sample_by_donor on sample (tenant_id, donor_sample_id) where donor_sample_id is not null`,
];
