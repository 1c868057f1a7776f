/**
 * Adds roles and life cycles of keys, and disabled tenants. Existing keys, and keys that an older version beside this
 * one creates, keep the role ADMIN and never expire.
 */
export const tenancy: readonly string[] = [
  `alter table tenant add column disabled_at timestamptz`,
  `alter table api_key
    add column name text not null default 'from before names',
    add column prefix text,
    add column role text not null default 'ADMIN' check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
    add column expires_at timestamptz,
    add column last_used_at timestamptz,
    add column revoked_at timestamptz,
    add unique (tenant_id, id),
    drop constraint api_key_origin_check,
    add constraint api_key_origin_check check (origin in ('CONFIGURED', 'GENERATED', 'CREATED'))`,
];
