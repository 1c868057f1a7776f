/** Only adds. The new columns have defaults, so an older version beside this one can insert. */
export const catalog: readonly string[] = [
  ...['product', 'defect'].flatMap((table) => [
    `alter table ${table}
      add column given_prompt_name text,
      add column archived_at timestamptz,
      add column updated_at timestamptz not null default now()`,
    `update ${table} set updated_at = created_at, given_prompt_name = prompt_name`,
    `create index ${table}_by_update on ${table} (tenant_id, updated_at)`,
  ]),
  `create table alias (
    tenant_id uuid not null references tenant on delete cascade,
    kind text not null check (kind in ('PRODUCT', 'DEFECT')),
    key text not null,
    alias text not null,
    prompt_name text not null,
    updated_at timestamptz not null,
    primary key (tenant_id, kind, key)
  )`,
];
