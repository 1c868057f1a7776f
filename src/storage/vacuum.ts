/**
 * Does for PGlite what a PostgreSQL server does by itself: makes the space of deleted rows reusable, and gathers
 * statistics, without which the planner estimates every range as a third of the table. A table is due when it has grown
 * by a fifth since its last vacuum, so large tables are vacuumed rarely.
 */
import { sql } from './drizzle.js';
import type { Log } from '../log.js';
import type { Database } from './database.js';

const INTERVAL_MS = 600_000;
/** A tenth of the usual sample of rows, because it is computed on the server's thread. */
const STATISTICS_TARGET = 10;
/** Smaller tables gain nothing. */
const SMALL_PAGES = 16;

/** Returns the tables that were vacuumed. */
export async function vacuumGrownTables(database: Database): Promise<readonly string[]> {
  const { rows } = await database.execute<{ name: string }>(sql`
    select c.relname as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind = 'r'
      and pg_relation_size(c.oid) / current_setting('block_size')::int > ${SMALL_PAGES} + 1.2 * greatest(c.relpages, 0)
    order by c.relname
  `);
  await database.execute(sql`set default_statistics_target = ${sql.raw(String(STATISTICS_TARGET))}`);
  for (const { name } of rows) await database.execute(sql`vacuum (analyze) ${sql.identifier(name)}`);
  return rows.map(({ name }) => name);
}

/** Returns a function that stops it. */
export function startVacuum(database: Database, log: Log): () => Promise<void> {
  let round = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      const tables = await vacuumGrownTables(database);
      if (tables.length > 0) log.info({ tables }, 'vacuumed tables');
    } catch (error) {
      log.warn({ err: error }, 'vacuum failed; it runs again in ten minutes');
    }
  };
  const timer = setInterval(() => void (round = round.then(look)), INTERVAL_MS).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
