/**
 * Models that tenants upload. An older worker beside this one has no such model and fails generations that name one. The
 * third check of uploads is replaced, because an upload can become a model.
 */
export const tenantModels: readonly string[] = [
  `create table tenant_model (
    id uuid primary key,
    tenant_id uuid not null references tenant on delete cascade,
    name text not null,
    version text not null,
    base text not null,
    manifest jsonb not null,
    phrases jsonb not null,
    content_hash text not null,
    graph_key text,
    bytes integer not null,
    created_at timestamptz not null,
    created_by text,
    deleted_at timestamptz,
    unique (tenant_id, name, version),
    unique (tenant_id, id),
    check (deleted_at is not null or graph_key is not null)
  )`,
  `create index tenant_model_deleted on tenant_model (deleted_at) where deleted_at is not null and graph_key is not null`,
  `alter table upload
    add column model_id uuid,
    add foreign key (tenant_id, model_id) references tenant_model (tenant_id, id),
    drop constraint upload_purpose_check,
    add constraint upload_purpose_check check (purpose in ('REFERENCE', 'MASK', 'MODEL')),
    drop constraint upload_check2,
    add constraint upload_outcome check (num_nonnulls(reference_id, mask_id, model_id) = num_nonnulls(completed_at))`,
];
