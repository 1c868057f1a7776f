/**
 * Only adds. Messages for an MQTT broker, which wait here until it has them, and the process that publishes them. An
 * older version beside this one writes none. Aliases carry the codes of other systems.
 */
export const mqttAndAliasCodes: readonly string[] = [
  `create table mqtt_publisher (
    name text primary key,
    lease_owner text,
    lease_until timestamptz,
    seen_at timestamptz not null
  )`,
  `create table mqtt_message (
    id uuid primary key,
    tenant_id uuid not null references tenant on delete cascade,
    topic text not null,
    body text not null,
    created_at timestamptz not null
  )`,
  `alter table alias
    add column scheme text,
    add column external_code text,
    add check (scheme is null or external_code is not null)`,
];
