/**
 * The database: PGlite (PostgreSQL in this process) in a directory, or a PostgreSQL server. Both have the same driver
 * interface, SQL, and migrations.
 */
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { sql } from './drizzle.js';

interface Rows<T> {
  readonly rows: T[];
}

interface RowsHKT extends PgQueryResultHKT {
  type: Rows<this['row']>;
}

/** What both drivers of drizzle and their transactions have in common. */
export type Database = PgDatabase<RowsHKT>;

export interface Storage {
  readonly database: Database;
  /** Whether no other process can have this database open. Then everything that is marked as running here is not. */
  readonly exclusive: boolean;
  /** Whether row-level security applies, as a second isolation of tenants. Superusers bypass it. */
  readonly hasRowLevelSecurity: boolean;
  /** Calls back on NOTIFY. Notifications can be lost, so listeners must also poll. */
  listen(channel: string, onNotification: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Notifies the listeners of a channel when the surrounding transaction commits. The payload is an id, never content.
 */
export async function notify(database: Database, channel: string, payload: string): Promise<void> {
  await database.execute(sql`select pg_notify(${channel}, ${payload})`);
}

/** Called for every statement. */
export type OnStatement = (statement: string) => void;

export const queryLogger = (onStatement: OnStatement | undefined) =>
  onStatement === undefined ? false : { logQuery: onStatement };
