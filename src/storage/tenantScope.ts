/**
 * The only way to a tenant's rows: every query of a room is built from a scope, and a scope puts the tenant into
 * every condition and every inserted row. A room that holds a scope cannot reach another tenant by mistake.
 */
import type { SQL } from 'drizzle-orm';
import { and, eq } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Database } from './database.js';
import { acrossTenants, tenantHandle } from './rowLevelSecurity.js';

export interface TenantScope {
  readonly tenantId: string;
  readonly database: Database;
  /** The condition for a `where`: the tenant's rows, of which the conditions hold. */
  rows(table: { readonly tenantId: PgColumn }, ...conditions: readonly (SQL | undefined)[]): SQL;
  /** A row to insert, as this tenant's. */
  own<T extends object>(row: T): T & { tenantId: string };
  /** Within a transaction, what concerns all tenants, such as the length of the queue: counted, never shown. */
  acrossTenants<T>(look: () => Promise<T>): Promise<T>;
  /** The same tenant within a transaction. */
  transaction<T>(work: (scope: TenantScope) => Promise<T>): Promise<T>;
}

export function forTenant(opened: Database, tenantId: string): TenantScope {
  const database = tenantHandle(opened, tenantId);
  return {
    tenantId,
    database,
    rows: (table, ...conditions) => and(eq(table.tenantId, tenantId), ...conditions) as SQL,
    own: (row) => ({ ...row, tenantId }),
    acrossTenants: (look) => acrossTenants(database, tenantId, look),
    transaction: (work) => database.transaction((tx) => work(forTenant(tx, tenantId))),
  };
}
