/**
 * Row-level security for every table that has a tenant's rows, those of migrations to come included: a table cannot be
 * forgotten. FORCE, for the service owns its tables. Foreign keys are checked past it.
 */
import { sql } from 'drizzle-orm';
import type { Database } from './database.js';
import { ALL_TENANTS, TENANT_SETTING } from './rowLevelSecurity.js';

const POLICY = 'tenant_wall';

/** Within the transaction of the migrations. Costs one look where nothing is missing. */
export async function enableRowLevelSecurity(database: Database): Promise<void> {
  const { rows } = await database.execute<{ name: string; owner: string }>(sql`
    select c.relname as name, a.attname as owner
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where n.nspname = current_schema() and c.relkind = 'r'
      and (a.attname = 'tenant_id' or (c.relname = 'tenant' and a.attname = 'id'))
      and not (c.relforcerowsecurity and exists (
        select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = ${POLICY}))
    order by c.relname
  `);
  for (const { name, owner } of rows) {
    const table = sql.identifier(name);
    const mine = sql.raw(`current_setting('${TENANT_SETTING}', true) in ('${ALL_TENANTS}', ${owner}::text)`);
    await database.execute(sql`alter table ${table} enable row level security, force row level security`);
    await database.execute(sql`create policy ${sql.identifier(POLICY)} on ${table} using (${mine})`);
  }
}
