/**
 * The only access to a tenant's rows. Repositories build every query from a scope, which puts the tenant into every
 * condition and every inserted row. So a repository cannot reach another tenant by mistake.
 */
import type { SQL } from 'drizzle-orm';
import { and, eq } from './drizzle.js';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Database } from './database.js';
import { acrossTenants, tenantHandle } from './rowLevelSecurity.js';

export interface TenantScope {
  readonly tenantId: string;
  /** The caller, for rows that say who made them; null for the service itself. */
  readonly createdBy: string | null;
  readonly database: Database;
  /** A condition for `where`: the tenant's rows that satisfy all conditions. */
  rows(table: { readonly tenantId: PgColumn }, ...conditions: readonly (SQL | undefined)[]): SQL;
  /** Adds the tenant to a row for an insert. */
  own<T extends object>(row: T): T & { tenantId: string };
  /**
   * In a transaction, reads figures over all tenants, such as the length of the queue. They are counted, never shown.
   */
  acrossTenants<T>(look: () => Promise<T>): Promise<T>;
  /** The same tenant in a transaction. */
  transaction<T>(work: (scope: TenantScope) => Promise<T>): Promise<T>;
}

export function forTenant(opened: Database, tenantId: string, createdBy: string | null = null): TenantScope {
  const database = tenantHandle(opened, tenantId);
  return {
    tenantId,
    createdBy,
    database,
    rows: (table, ...conditions) => and(eq(table.tenantId, tenantId), ...conditions) as SQL,
    own: (row) => ({ ...row, tenantId }),
    acrossTenants: (look) => acrossTenants(database, tenantId, look),
    transaction: (work) => database.transaction((tx) => work(forTenant(tx, tenantId, createdBy))),
  };
}
