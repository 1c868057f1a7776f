/**
 * Only adds. Who is signed in to the console. A session belongs to an API key, and ends with it; one from an identity
 * provider has a subject and a role of its own. An older version beside this one knows no sessions.
 */
export const consoleSessions: readonly string[] = [
  `create table console_session (
    id uuid primary key,
    tenant_id uuid not null references tenant on delete cascade,
    hash text not null unique,
    key_id uuid,
    subject text not null,
    name text not null,
    role text not null check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    foreign key (tenant_id, key_id) references api_key (tenant_id, id) on delete cascade
  )`,
  `create index on console_session (tenant_id, key_id)`,
  `create index on console_session (expires_at)`,
];
