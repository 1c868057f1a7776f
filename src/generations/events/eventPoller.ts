/**
 * Notifications can be lost, so those who follow generations must be looked after without them. One look for all followers of
 * this process, and only those for whom there is something are woken: a thousand who wait cost one statement, not a thousand.
 */
import { sql } from 'drizzle-orm';
import type { Database } from '../../storage/database.js';
import { generations } from '../../storage/tables.js';
import type { Waiters } from '../../queue/waiters.js';

/** What was not notified is noticed this much later. */
const INTERVAL_MS = 2_000;

/** Wakes those who lack an event, and those whose generation is over, expired or gone: they see for themselves which. */
export async function pollFollowers(database: Database, waiters: Waiters): Promise<void> {
  const waiting = waiters.lastSeen();
  if (waiting.size === 0) return;
  const { id, lastSeq, finishedAt } = generations;
  const rows = await database
    .select({ id, lastSeq, finishedAt })
    .from(generations)
    // One parameter, however many wait.
    .where(sql`${id} = any (string_to_array(${[...waiting.keys()].join()}, ',')::uuid[])`);
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const [generation, seen] of waiting) {
    const row = found.get(generation);
    if (row === undefined || row.lastSeq > seen || row.finishedAt !== null) waiters.notify(generation);
  }
}

/** Returns what stops it. */
export function startEventPoller(database: Database, waiters: Waiters): () => Promise<void> {
  let round: Promise<void> | null = null;
  // While the database is away there is nothing to be told; those who wait go on waiting.
  const look = (): Promise<void> => pollFollowers(database, waiters).catch(() => undefined);
  const tick = (): void => {
    // A database that stands still is not asked again and again.
    round ??= look().finally(() => (round = null));
  };
  const timer = setInterval(tick, INTERVAL_MS).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
