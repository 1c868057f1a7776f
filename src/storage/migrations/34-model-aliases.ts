/** Names that a tenant gives to exact versions of models, and can move. */
export const modelAliases: readonly string[] = [
  `create table model_alias (
    tenant_id uuid not null references tenant on delete cascade,
    alias text not null,
    model text not null,
    previous_model text,
    updated_at timestamptz not null,
    updated_by text,
    primary key (tenant_id, alias)
  )`,
];
