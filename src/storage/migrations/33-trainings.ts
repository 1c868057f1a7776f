/**
 * Trainings of a tenant's own models, their events, and the trainers that are alive. The result of a training is a file
 * that becomes a model when it is published.
 */
export const trainings: readonly string[] = [
  `create table training (
    id uuid primary key,
    tenant_id uuid not null references tenant on delete cascade,
    data_set_id uuid not null,
    kind text not null check (kind in ('ADAPTER')),
    base text not null,
    name text not null,
    version text not null,
    settings jsonb not null,
    minutes double precision not null check (minutes > 0),
    priority integer not null default 0,
    status text not null check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
    progress jsonb,
    verdict jsonb,
    last_seq integer not null default 0,
    attempts integer not null default 0,
    lease_owner text,
    lease_until timestamptz,
    idempotency_key text,
    input_hash text not null,
    created_by text,
    failure jsonb,
    archive_key text,
    archive_bytes integer,
    model_id uuid,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    discarded_at timestamptz,
    expired_at timestamptz,
    unique (tenant_id, idempotency_key),
    unique (tenant_id, id),
    foreign key (tenant_id, data_set_id) references data_set (tenant_id, id),
    foreign key (tenant_id, model_id) references tenant_model (tenant_id, id),
    check (num_nonnulls(archive_key, archive_bytes) in (0, 2)),
    check (archive_key is null or status = 'SUCCEEDED')
  )`,
  `create index training_open on training (tenant_id, created_at) where status in ('QUEUED', 'RUNNING')`,
  `create index training_by_age on training (tenant_id, created_at)`,
  `create index training_by_data_set on training (tenant_id, data_set_id)`,
  `create index training_by_model on training (tenant_id, model_id) where model_id is not null`,
  `create table training_event (
    tenant_id uuid not null,
    training_id uuid not null,
    seq integer not null check (seq > 0),
    payload jsonb not null,
    at timestamptz not null,
    primary key (training_id, seq),
    foreign key (tenant_id, training_id) references training (tenant_id, id) on delete cascade
  )`,
  `create table trainer (
    id uuid primary key,
    host text not null,
    started_at timestamptz not null,
    seen_at timestamptz not null
  )`,
  `alter table tenant_quota add column training_minutes_per_day integer check (training_minutes_per_day >= 0)`,
];
