/**
 * Follows the events of all rows of a tenant in one queue. Each row's events are rows without gaps (followEvents.ts), so a follower
 * remembers how far it has read each one, and loses none, in whatever order transactions commit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { and, gte, inArray, isNull, lt, max, or } from '../storage/drizzle.js';
import { coalesceRead } from '../storage/readCoalescing.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { closableEvents } from './closableEvents.js';
import type { Followed, FollowedTable } from './followEvents.js';
import { EVENT_BATCH } from './followEvents.js';
import type { Waiter, Waiters } from './waiters.js';

/** Other tenants' events wake a follower as well, so it looks no more often than this. */
const PAUSE_MS = 250;
/** Finished rows are looked at for so long: clocks differ, and a transaction commits after its time. */
const OVERLAP_MS = 60_000;
const IDS_PER_STATEMENT = 500;

export interface FollowedQueue<Event> extends Followed<Event> {
  readonly table: FollowedTable & { readonly status: PgColumn };
  readonly events: PgTable & { readonly tenantId: PgColumn; readonly seq: PgColumn; readonly at: PgColumn };
  /** The column of `events` that names the row of `table`. */
  readonly rowOfEvent: PgColumn;
  /** The id of the waiters for news of any row. No row has it, so the event poller wakes them regularly. */
  readonly anyId: string;
}

/** @param since also events from then on; undefined: only events that follow */
export function followTenant<Event extends { readonly seq: number }>(
  queue: FollowedQueue<Event>,
  scope: TenantScope,
  since: Date | undefined,
  waiters: Waiters,
): AsyncIterableIterator<Event> {
  const waiter = waiters.waiter(queue.anyId);
  return closableEvents(pullEvents(queue, scope, since, waiter), waiter);
}

/** The last seq of rows, by their ID. */
type LastSeqs = ReadonlyMap<string, number>;

async function* pullEvents<Event extends { readonly seq: number }>(
  queue: FollowedQueue<Event>,
  scope: TenantScope,
  since: Date | undefined,
  waiter: Waiter,
) {
  try {
    const start = Date.now();
    const first = await lastSeqs(queue, scope, new Date((since?.getTime() ?? start) - OVERLAP_MS));
    const seen = new Map(since === undefined ? first : await seqsBefore(queue, scope, [...first.keys()], since));
    let horizon = Math.min(start, since?.getTime() ?? start) - OVERLAP_MS;
    while (!waiter.closed) {
      const woken = waiter.next();
      const lookedAt = Date.now();
      const current = await lastSeqs(queue, scope, new Date(horizon));
      for (const [id, lastSeq] of current) {
        for (let last = seen.get(id) ?? 0; last < lastSeq && !waiter.closed;) {
          const from = last;
          const read = () => queue.read(scope, id, from);
          const batch = await coalesceRead(scope, `${queue.name}/${id}/${String(from)}`, read);
          for (const event of batch) {
            yield event;
            seen.set(id, (last = event.seq));
          }
          if (batch.length < EVENT_BATCH) break;
        }
      }
      // Whatever is not listed any more finished long ago and was read to the end.
      for (const id of seen.keys()) if (!current.has(id)) seen.delete(id);
      horizon = lookedAt - OVERLAP_MS;
      await woken;
      if (!waiter.closed) await sleep(PAUSE_MS);
    }
  } finally {
    waiter.close();
  }
}

/** Of each row that is open or was finished after `finishedAfter`. */
function lastSeqs<Event>(
  { table, name }: FollowedQueue<Event>,
  scope: TenantScope,
  finishedAfter: Date,
): Promise<LastSeqs> {
  const { database, rows } = scope;
  const open = inArray(table.status, ['QUEUED', 'RUNNING']);
  const ended = and(gte(table.finishedAt, finishedAfter), isNull(table.expiredAt));
  const second = Math.floor(finishedAfter.getTime() / 1000);
  return coalesceRead(scope, `${name}/seqs/${String(second)}`, async () => {
    const found = await database
      .select({ id: table.id, lastSeq: table.lastSeq })
      .from(table as PgTable)
      .where(rows(table, or(open, ended)))
      .orderBy(table.id);
    return new Map(found.map(({ id, lastSeq }) => [id as string, lastSeq as number]));
  });
}

/** Of each row, before `since`. */
async function seqsBefore<Event>(
  { events, rowOfEvent }: FollowedQueue<Event>,
  { database, rows }: TenantScope,
  ids: readonly string[],
  since: Date,
): Promise<LastSeqs> {
  const seqs = new Map<string, number>();
  for (let start = 0; start < ids.length; start += IDS_PER_STATEMENT) {
    const some = inArray(rowOfEvent, ids.slice(start, start + IDS_PER_STATEMENT));
    const found = await database
      .select({ id: rowOfEvent, seq: max(events.seq) })
      .from(events as PgTable)
      .where(rows(events, some, lt(events.at, since)))
      .groupBy(rowOfEvent);
    for (const { id, seq } of found) seqs.set(id as string, Number(seq ?? 0));
  }
  return seqs;
}
