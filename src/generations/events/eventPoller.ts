/**
 * Compensates for lost notifications: polls on behalf of all followers of this process and wakes those that have something to read. A
 * thousand waiting followers cost one statement, not a thousand.
 */
import { sql } from '../../storage/drizzle.js';
import type { Database } from '../../storage/database.js';
import { generations, trainings } from '../../storage/tables.js';
import type { Waiters } from '../../queue/waiters.js';

/** How late an event without a notification is noticed at most. */
const INTERVAL_MS = 2_000;

/** Wakes the followers that lack an event, and those whose generation or training is finished, expired or deleted. */
export async function pollFollowers(database: Database, waiters: Waiters): Promise<void> {
  const waiting = waiters.lastSeen();
  if (waiting.size === 0) return;
  const ids = [...waiting.keys()].join();
  const rowsOf = (table: typeof generations | typeof trainings) =>
    database
      .select({ id: table.id, lastSeq: table.lastSeq, finishedAt: table.finishedAt })
      .from(table)
      // One parameter, however many followers there are.
      .where(sql`${table.id} = any (string_to_array(${ids}, ',')::uuid[])`);
  const rows = await rowsOf(generations).unionAll(rowsOf(trainings));
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const [followed, seen] of waiting) {
    const row = found.get(followed);
    if (row === undefined || row.lastSeq > seen || row.finishedAt !== null) waiters.notify(followed);
  }
}

/** Returns a function that stops the poller. */
export function startEventPoller(database: Database, waiters: Waiters): () => Promise<void> {
  let round: Promise<void> | null = null;
  // While the database is unavailable there is nothing to report, and the followers keep waiting.
  const look = (): Promise<void> => pollFollowers(database, waiters).catch(() => undefined);
  const tick = (): void => {
    // A slow database gets one poll at a time.
    round ??= look().finally(() => (round = null));
  };
  const timer = setInterval(tick, INTERVAL_MS).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
