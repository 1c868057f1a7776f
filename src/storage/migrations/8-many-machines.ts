/** Workers, queue figures, and quotas. Only adds, with defaults for the inserts of an older version. */
export const manyMachines: readonly string[] = [
  `create table worker (
    id uuid primary key,
    host text not null,
    devices jsonb not null,
    pixel_steps_per_second double precision,
    started_at timestamptz not null,
    seen_at timestamptz not null
  )`,
  `create table tenant_quota (
    tenant_id uuid primary key references tenant on delete cascade,
    concurrent_generations integer check (concurrent_generations >= 0),
    pixel_steps_per_day bigint check (pixel_steps_per_day >= 0),
    stored_bytes bigint check (stored_bytes >= 0),
    requests_per_minute integer check (requests_per_minute > 0),
    retention_days integer check (retention_days > 0)
  )`,
  `alter table generation
    add column pixel_steps bigint not null default 0,
    add column expired_at timestamptz`,
  `create index generation_by_age on generation (tenant_id, created_at)`,
  `create index artifact_size on artifact (tenant_id) include (bytes)`,
  `create table generation_attempt (
    tenant_id uuid not null,
    generation_id uuid not null,
    number integer not null,
    worker text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    outcome text check (outcome in ('SUCCEEDED', 'FAILED', 'CANCELED', 'INTERRUPTED', 'WORKER_LOST')),
    message text,
    primary key (generation_id, number),
    foreign key (tenant_id, generation_id) references generation (tenant_id, id) on delete cascade,
    check ((ended_at is null) = (outcome is null))
  )`,
  `create table loose_file (
    key text primary key,
    tenant_id uuid not null references tenant on delete cascade,
    since timestamptz not null
  )`,
  `create index loose_file_age on loose_file (since)`,
  `create table shared_secret (
    name text primary key,
    fingerprint text not null
  )`,
];
