/**
 * What a sample shows of samples that were deleted: photographs, and whether it was drawn on one of those. A version before
 * this one deletes samples without recording it.
 */
export const sampleSources: readonly string[] = [
  `alter table sample add column on_sample boolean not null default false`,
  `create table sample_source (
    tenant_id uuid not null,
    sample_id uuid not null,
    reference_id uuid not null,
    primary key (tenant_id, sample_id, reference_id),
    foreign key (tenant_id, sample_id) references sample (tenant_id, id) on delete cascade,
    foreign key (tenant_id, reference_id) references reference (tenant_id, id) on delete cascade
  )`,
];
