/**
 * Data sets of photographs and samples. A version never changes, so a sample in one cannot be deleted. The hash of a
 * photograph's pixels alone, and how much of a mask lies on the border, are null in rows of older versions. The checks of
 * uploads are replaced, because an upload can become a data set.
 */
export const dataSets: readonly string[] = [
  `create table data_set (
    id uuid primary key,
    tenant_id uuid not null references tenant on delete cascade,
    name text not null,
    version integer not null check (version > 0),
    test_share double precision,
    split_seed integer,
    findings jsonb not null default '[]',
    idempotency_key text,
    input_hash text not null default '',
    created_at timestamptz not null,
    created_by text,
    deleted_at timestamptz,
    unique (tenant_id, name, version),
    unique (tenant_id, idempotency_key),
    unique (tenant_id, id)
  )`,
  `create table data_set_member (
    tenant_id uuid not null,
    data_set_id uuid not null,
    position integer not null,
    reference_id uuid,
    sample_id uuid,
    split text not null check (split in ('TRAIN', 'TEST')),
    findings jsonb not null default '[]',
    primary key (data_set_id, position),
    foreign key (tenant_id, data_set_id) references data_set (tenant_id, id) on delete cascade,
    foreign key (tenant_id, reference_id) references reference (tenant_id, id),
    foreign key (tenant_id, sample_id) references sample (tenant_id, id),
    check (num_nonnulls(reference_id, sample_id) = 1)
  )`,
  `create index data_set_member_by_reference on data_set_member (tenant_id, reference_id) where reference_id is not null`,
  `create index data_set_member_by_sample on data_set_member (tenant_id, sample_id) where sample_id is not null`,
  `alter table reference add column pixel_hash text`,
  `alter table region_mask add column border_fraction double precision`,
  `alter table upload
    add column data_set_id uuid,
    add foreign key (tenant_id, data_set_id) references data_set (tenant_id, id),
    drop constraint upload_purpose_check,
    add constraint upload_purpose_check check (purpose in ('REFERENCE', 'MASK', 'MODEL', 'DATA_SET')),
    drop constraint upload_outcome,
    add constraint upload_outcome
      check (num_nonnulls(reference_id, mask_id, model_id, data_set_id) = num_nonnulls(completed_at))`,
];
