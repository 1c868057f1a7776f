/**
 * The second wall between tenants. The first is `tenantScope.ts`, which puts the tenant into every statement; the second
 * is the database's row-level security, which hides other tenants' rows from a connection even where a statement forgot.
 */
import { sql } from 'drizzle-orm';
import type { Database } from './database.js';

/** The setting of a connection that says whose rows it may see. */
export const TENANT_SETTING = 'defectdiffu.tenant';
/** For what concerns all tenants: claiming, counting the queue, checking keys. */
export const ALL_TENANTS = '*';

const handles = new WeakMap<Database, (tenantId: string) => Database>();

export function registerTenantHandles(database: Database, handle: (tenantId: string) => Database): void {
  handles.set(database, handle);
}

/** A handle that sees one tenant's rows only, where the database can; a transaction stays what it is. */
export function tenantHandle(database: Database, tenantId: string): Database {
  return handles.get(database)?.(tenantId) ?? database;
}

/** Within a tenant's transaction: what `look` reads, it reads of all tenants. The only door in the wall. */
export async function acrossTenants<T>(database: Database, tenantId: string, look: () => Promise<T>): Promise<T> {
  const turn = (to: string) => database.execute(sql`select set_config(${TENANT_SETTING}, ${to}, true)`);
  await turn(ALL_TENANTS);
  const seen = await look();
  await turn(tenantId);
  return seen;
}
