/**
 * Enables row-level security for every table with a tenant's rows, including those of later migrations, so that no
 * table is forgotten. FORCE, because the service owns its tables. Foreign keys are checked without it.
 */
import { sql } from './drizzle.js';
import type { Database } from './database.js';
import { ALL_TENANTS, TENANT_SETTING } from './rowLevelSecurity.js';

const POLICY = 'tenant_wall';

/** Runs in the transaction of the migrations. Costs one query if nothing is missing. */
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
