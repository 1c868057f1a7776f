/**
 * Follows the events of one row of a queue. They are rows themselves, with the seq 1, 2, 3 … without gaps. A subscriber continues
 * after the last seq that it has seen. So a reconnect loses nothing, a slow subscriber costs nothing, and no fan-out in memory can leak.
 */
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { eq } from '../storage/drizzle.js';
import { coalesceRead } from '../storage/readCoalescing.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { closableEvents } from './closableEvents.js';
import type { Waiter, Waiters } from './waiters.js';

/** The most that one read of events returns. */
export const EVENT_BATCH = 100;

export interface FollowedTable extends PgTable {
  readonly tenantId: PgColumn;
  readonly id: PgColumn;
  readonly finishedAt: PgColumn;
  readonly expiredAt: PgColumn;
  readonly lastSeq: PgColumn;
}

export interface Followed<Event> {
  readonly table: FollowedTable;
  /** Distinguishes its reads from those of other kinds of events. */
  readonly name: string;
  /** At most `EVENT_BATCH` events with a seq above `after`, in order. */
  read(scope: TenantScope, id: string, after: number): Promise<readonly Event[]>;
  isTerminal(event: Event): boolean;
}

/** The events with a seq above `after`, future ones included, up to the last event. */
export function followEvents<Event extends { readonly seq: number }>(
  followed: Followed<Event>,
  scope: TenantScope,
  id: string,
  after: number,
  waiters: Waiters,
): AsyncIterableIterator<Event> {
  const waiter = waiters.waiter(id);
  return closableEvents(pullEvents(followed, scope, id, after, waiter), waiter);
}

async function* pullEvents<Event extends { readonly seq: number }>(
  { table, name, read, isTerminal }: Followed<Event>,
  scope: TenantScope,
  id: string,
  after: number,
  waiter: Waiter,
) {
  let seen = (waiter.seen = after);
  try {
    while (!waiter.closed) {
      const notified = waiter.next();
      const batch = await coalesceRead(scope, `${name}/${id}/${String(seen)}`, () => read(scope, id, seen));
      for (const event of batch) {
        seen = waiter.seen = event.seq;
        yield event;
        if (isTerminal(event)) return;
      }
      // `after` is beyond the last event of a finished row: no event will follow.
      if (batch.length === 0 && (await isOver(table, scope, id, seen))) return;
      // Events since the read began have already notified the waiter.
      if (batch.length < EVENT_BATCH) await notified;
    }
  } finally {
    waiter.close();
  }
}

async function isOver(
  table: FollowedTable,
  { database, rows }: TenantScope,
  id: string,
  seen: number,
): Promise<boolean> {
  const [row] = await database
    .select({ finishedAt: table.finishedAt, expiredAt: table.expiredAt, lastSeq: table.lastSeq })
    .from(table)
    .where(rows(table, eq(table.id, id)));
  if (row === undefined || row.expiredAt !== null) return true;
  return row.finishedAt !== null && Number(row.lastSeq) <= seen;
}
