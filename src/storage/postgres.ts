/** A PostgreSQL server: a pool of connections, each set to one tenant at a time, and one connection that listens. */
import { drizzleOnPostgres } from './drizzle.js';
import pg from 'pg';
import { StartError } from '../errors.js';
import type { Database, OnStatement, Storage } from './database.js';
import { queryLogger } from './database.js';
import { createListener } from './notificationListener.js';
import { TenantPool } from './tenantPool.js';
import { ALL_TENANTS, registerTenantHandles } from './rowLevelSecurity.js';

const CONNECTIONS = 10;
const CONNECT_MS = 5_000;
const IDLE_MS = 15_000;
const LOCK_MS = 30_000;
const STATEMENT_MS = 60_000;
/** How long a start waits for a server that is starting too. */
const STARTUP_WAIT_MS = 60_000;

/** @param onConnectionError is called for connections that break while they are idle; the pool replaces them */
export async function openPostgres(
  url: string,
  onConnectionError: (error: Error) => void,
  onStatement?: OnStatement,
): Promise<Storage> {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'defectdiffu',
    // A process that hangs in the middle of a transaction must not hold its locks against all others.
    idle_in_transaction_session_timeout: IDLE_MS,
    lock_timeout: LOCK_MS,
    statement_timeout: STATEMENT_MS,
  });
  // A connection can break between two statements of a transaction. Without a listener, that error ends the process.
  pool.on('connect', (client) => client.on('error', onConnectionError));
  pool.on('error', () => undefined);
  const hasRowLevelSecurity = await waitForServer(pool, onConnectionError);
  const handle = (tenant: string): Database =>
    drizzleOnPostgres({
      client: new TenantPool(pool, tenant) as never,
      logger: queryLogger(onStatement),
    }) as unknown as Database;
  const database = handle(ALL_TENANTS);
  registerTenantHandles(database, handle);
  const listener = createListener(url, onConnectionError);
  return {
    database,
    exclusive: false,
    hasRowLevelSecurity,
    listen: (channel, heard) => listener.listen(channel, heard),
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}

/** Whether row-level security applies to this user. Throws `StartError` when the server does not answer in time. */
async function waitForServer(pool: pg.Pool, onConnectionError: (error: Error) => void): Promise<boolean> {
  const query =
    'select not (rolsuper or rolbypassrls) as secured from pg_catalog.pg_roles where rolname = current_user';
  const patience = Date.now() + STARTUP_WAIT_MS;
  for (;;) {
    try {
      const { rows } = await pool.query<{ secured: boolean }>(query);
      return rows[0]?.secured ?? false;
    } catch (error) {
      if (Date.now() > patience || !isTransient(error as Error)) {
        await pool.end().catch(() => undefined);
        throw new StartError(`DATABASE_URL: the database cannot be used: ${(error as Error).message}`, {
          cause: error,
        });
      }
      onConnectionError(error as Error);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** Waiting does not fix a wrong password. It does help when a server is not reachable yet or is starting. */
function isTransient(error: Error & { code?: string }): boolean {
  return error.code === undefined || /^(ECONN|EAI_|ENOTFOUND|ETIMEDOUT|57P03|53300)/.test(error.code);
}
