/** Only adds. The new columns of `sample` have defaults, so an older version beside this one can insert. */
export const photographs: readonly string[] = [
  `alter table sample
    add column attempt integer not null default 1,
    add column reference_id uuid,
    add column base_sample_id uuid,
    add column region_key text,
    add column twin_key text,
    add column visibility double precision,
    add column agreement double precision,
    add column direction double precision,
    add column seam double precision,
    add column filling double precision,
    add foreign key (tenant_id, reference_id) references reference (tenant_id, id),
    add unique (tenant_id, id),
    add foreign key (tenant_id, base_sample_id) references sample (tenant_id, id) on delete set null (base_sample_id),
    add foreign key (tenant_id, region_key) references artifact (tenant_id, key),
    add foreign key (tenant_id, twin_key) references artifact (tenant_id, key)`,
  `create index sample_by_reference on sample (tenant_id, reference_id, generation_id desc, index)`,
  `create table generation_rejection (
    tenant_id uuid not null,
    generation_id uuid not null,
    index integer not null,
    attempt integer not null,
    seed integer not null,
    visibility double precision not null,
    agreement double precision not null,
    created_at timestamptz not null,
    primary key (generation_id, index, attempt),
    foreign key (tenant_id, generation_id) references generation (tenant_id, id) on delete cascade
  )`,
];
