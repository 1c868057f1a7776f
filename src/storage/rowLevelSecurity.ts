/**
 * The second isolation of tenants. The first one is `tenantScope.ts`, which puts the tenant into every statement. The
 * second one is row-level security: the database hides other tenants' rows from a connection even if a statement lacks
 * the condition.
 */
import { sql } from './drizzle.js';
import type { Database } from './database.js';

/** The connection setting with the tenant whose rows are visible. */
export const TENANT_SETTING = 'defectdiffu.tenant';
/** For work across tenants: claiming, counting the queue, checking keys. */
export const ALL_TENANTS = '*';

const handles = new WeakMap<Database, (tenantId: string) => Database>();

export function registerTenantHandles(database: Database, handle: (tenantId: string) => Database): void {
  handles.set(database, handle);
}

/**
 * Returns a handle that sees only one tenant's rows, if the database supports it. A transaction is returned as it is.
 */
export function tenantHandle(database: Database, tenantId: string): Database {
  return handles.get(database)?.(tenantId) ?? database;
}

/** In a tenant's transaction, `read` reads the rows of all tenants. This is the only exception. */
export async function acrossTenants<T>(database: Database, tenantId: string, read: () => Promise<T>): Promise<T> {
  const setTenant = (tenant: string) => database.execute(sql`select set_config(${TENANT_SETTING}, ${tenant}, true)`);
  await setTenant(ALL_TENANTS);
  const result = await read();
  await setTenant(tenantId);
  return result;
}
