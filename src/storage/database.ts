/**
 * The database: PGlite (PostgreSQL in this process) in a directory, or a PostgreSQL server. The same drivers' surface,
 * the same SQL, the same migrations.
 */
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';

interface Rows<T> {
  readonly rows: T[];
}

interface RowsHKT extends PgQueryResultHKT {
  type: Rows<this['row']>;
}

/** What both drivers of drizzle, and a transaction of either, can do. */
export type Database = PgDatabase<RowsHKT>;

export interface Storage {
  readonly database: Database;
  /** No other process can have this database open: whatever is marked as running here is not. */
  readonly exclusive: boolean;
  /** Whether the database itself keeps tenants apart, too (row-level security, which superusers pass by). */
  readonly hasRowLevelSecurity: boolean;
  /** Calls back on NOTIFY. A hint only: notifications may be lost, so whoever listens must also poll. */
  listen(channel: string, onNotification: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Wakes the listeners of a channel when the surrounding transaction commits. Payloads are ids, never content. */
export async function notify(database: Database, channel: string, payload: string): Promise<void> {
  await database.execute(sql`select pg_notify(${channel}, ${payload})`);
}

/** Told of every statement. */
export type OnStatement = (statement: string) => void;

export const queryLogger = (onStatement: OnStatement | undefined) =>
  onStatement === undefined ? false : { logQuery: onStatement };
