/**
 * The database. PGlite (PostgreSQL in this process) under the data directory; all SQL beyond this file is plain
 * PostgreSQL, so that a server can take its place. PGlite does not guard its directory: `lock.ts` must hold it first.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from './migrations.js';

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
  /** Calls back on NOTIFY. A hint only: notifications may be lost, so whoever listens must also poll. */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * PGlite computes on this thread, and its promises settle without ever leaving the microtask queue: a transaction of ten
 * statements would hold the event loop from its first to its last. Here the loop turns before each message.
 */
class TurningPGlite extends PGlite {
  override async execProtocolRaw(...args: Parameters<PGlite['execProtocolRaw']>): Promise<Uint8Array> {
    await turnOfTheLoop();
    return super.execProtocolRaw(...args);
  }
}

/** `seen` is told of every statement. */
export async function openStorage(directory: string, seen?: (statement: string) => void): Promise<Storage> {
  const client = new TurningPGlite({ dataDir: directory });
  await client.waitReady;
  const logger = seen === undefined ? false : { logQuery: seen };
  const database = drizzle({ client, logger }) as unknown as Database;
  await migrate(database);
  return {
    database,
    exclusive: true,
    listen: (channel, heard) => client.listen(channel, heard),
    close: () => client.close(),
  };
}

/** Wakes the listeners of a channel when the surrounding transaction commits. Payloads are ids, never content. */
export async function notify(database: Database, channel: string, payload: string): Promise<void> {
  await database.execute(sql`select pg_notify(${channel}, ${payload})`);
}
