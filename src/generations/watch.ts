/**
 * Notifications can be lost, so those who follow generations must be looked after without them. One look for all followers of
 * this process, and only those of whom there is news are woken: a thousand who wait cost one statement, not a thousand.
 */
import { inArray } from 'drizzle-orm';
import type { Database } from '../storage/database.js';
import { generations } from '../storage/tables.js';
import type { Wakeups } from './wakeups.js';

/** What was not notified is noticed this much later. */
const INTERVAL_MS = 2_000;
const AT_A_TIME = 1000;

export interface Watch {
  /** Wakes those of whose generation there is news since the last look, or who were not there then. */
  look(): Promise<void>;
}

export function createWatch(database: Database, wakeups: Wakeups): Watch {
  let before = new Map<string, string>();
  return {
    async look() {
      const now = new Map<string, string>();
      const ids = wakeups.ids();
      for (let from = 0; from < ids.length; from += AT_A_TIME) {
        const rows = await database
          .select({ id: generations.id, lastSeq: generations.lastSeq, expiredAt: generations.expiredAt })
          .from(generations)
          .where(inArray(generations.id, ids.slice(from, from + AT_A_TIME)));
        for (const { id, lastSeq, expiredAt } of rows) now.set(id, `${String(lastSeq)} ${String(expiredAt !== null)}`);
      }
      for (const id of ids) if (!now.has(id) || now.get(id) !== before.get(id)) wakeups.ring(id);
      before = now;
    },
  };
}

/** Returns what stops it. */
export function startWatch(database: Database, wakeups: Wakeups): () => Promise<void> {
  const watch = createWatch(database, wakeups);
  let round = Promise.resolve();
  // While the database is away there is nothing to be told; those who wait go on waiting.
  const look = (): Promise<void> => watch.look().catch(() => undefined);
  const timer = setInterval(() => void (round = round.then(look)), INTERVAL_MS).unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
