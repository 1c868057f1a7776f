/**
 * Only adds. The content of an export is fixed when it is accepted. A sample that is deleted later is removed from it
 * too.
 */
export const exports: readonly string[] = [
  `create table export (
    id uuid primary key,
    tenant_id uuid not null references tenant on delete cascade,
    format text not null check (format in ('MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION')),
    settings jsonb not null,
    status text not null check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED')),
    sample_count integer not null check (sample_count >= 0),
    samples_done integer not null default 0,
    attempts integer not null default 0,
    lease_owner text,
    lease_until timestamptz,
    idempotency_key text,
    input_hash text not null,
    failure jsonb,
    archive_key text,
    archive_bytes bigint,
    archive_sha256 text,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    expired_at timestamptz,
    unique (tenant_id, idempotency_key),
    unique (tenant_id, id),
    check ((status = 'SUCCEEDED' and expired_at is null) = (archive_key is not null)),
    check (num_nonnulls(archive_key, archive_bytes, archive_sha256) in (0, 3))
  )`,
  `create index export_open on export (id) where status in ('QUEUED', 'RUNNING')`,
  `create table export_sample (
    tenant_id uuid not null,
    export_id uuid not null,
    position integer not null,
    sample_id uuid not null,
    held_out boolean not null,
    primary key (export_id, position),
    foreign key (tenant_id, export_id) references export (tenant_id, id) on delete cascade,
    foreign key (tenant_id, sample_id) references sample (tenant_id, id) on delete cascade
  )`,
  `create index export_sample_by_sample on export_sample (tenant_id, sample_id)`,
];
