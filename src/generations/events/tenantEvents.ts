/**
 * The events of all generations of a tenant. Each generation's events are rows without gaps (generationEvents.ts), so a
 * follower remembers how far it has read each one, and loses none, in whatever order transactions commit.
 */
import { and, gte, inArray, isNull, lt, max, or } from '../../storage/drizzle.js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Waiters } from '../../queue/waiters.js';
import type { EventRow } from '../../storage/tables.js';
import { events, generations } from '../../storage/tables.js';
import { coalesceRead } from '../../storage/readCoalescing.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { closableEvents } from '../../queue/closableEvents.js';
import { EVENT_BATCH } from '../../queue/followEvents.js';
import { readEvents } from './generationEvents.js';

/** The id of the waiters for news of any generation. No generation has it, so the event poller wakes them regularly. */
export const ANY_GENERATION = '00000000-0000-0000-0000-000000000000';
/** Other tenants' events wake a follower as well, so it looks no more often than this. */
const PAUSE_MS = 250;
/** Finished generations are looked at for so long: clocks differ, and a transaction commits after its time. */
const OVERLAP_MS = 60_000;
const IDS_PER_STATEMENT = 500;

/** @param since also events from then on; undefined: only events that follow */
export function followTenant(
  scope: TenantScope,
  since: Date | undefined,
  waiters: Waiters,
): AsyncIterableIterator<EventRow> {
  const waiter = waiters.waiter(ANY_GENERATION);
  return closableEvents(pullEvents(scope, since, waiter), waiter);
}

type Current = ReadonlyMap<string, number>;

async function* pullEvents(scope: TenantScope, since: Date | undefined, waiter: ReturnType<Waiters['waiter']>) {
  try {
    const start = Date.now();
    const first = await lastSeqs(scope, new Date((since?.getTime() ?? start) - OVERLAP_MS));
    const seen = new Map(since === undefined ? first : await seqsBefore(scope, [...first.keys()], since));
    let horizon = Math.min(start, since?.getTime() ?? start) - OVERLAP_MS;
    while (!waiter.closed) {
      const woken = waiter.next();
      const lookedAt = Date.now();
      const current = await lastSeqs(scope, new Date(horizon));
      for (const [id, lastSeq] of current) {
        for (let last = seen.get(id) ?? 0; last < lastSeq && !waiter.closed;) {
          const from = last;
          const batch = await coalesceRead(scope, `events/${id}/${String(from)}`, () => readEvents(scope, id, from));
          for (const event of batch) {
            yield event;
            seen.set(id, (last = event.seq));
          }
          if (batch.length < EVENT_BATCH) break;
        }
      }
      // Whoever is not listed any more finished long ago and was read to the end.
      for (const id of seen.keys()) if (!current.has(id)) seen.delete(id);
      horizon = lookedAt - OVERLAP_MS;
      await woken;
      if (!waiter.closed) await sleep(PAUSE_MS);
    }
  } finally {
    waiter.close();
  }
}

/** The last seq of each generation that is open or was finished after `finishedAfter`. */
function lastSeqs(scope: TenantScope, finishedAfter: Date): Promise<Current> {
  const { database, rows } = scope;
  const open = inArray(generations.status, ['QUEUED', 'RUNNING']);
  const ended = and(gte(generations.finishedAt, finishedAfter), isNull(generations.expiredAt));
  const second = Math.floor(finishedAfter.getTime() / 1000);
  return coalesceRead(scope, `seqs/${String(second)}`, async () => {
    const found = await database
      .select({ id: generations.id, lastSeq: generations.lastSeq })
      .from(generations)
      .where(rows(generations, or(open, ended)))
      .orderBy(generations.id);
    return new Map(found.map(({ id, lastSeq }) => [id, lastSeq]));
  });
}

/** The last seq of each generation before `since`. */
async function seqsBefore({ database, rows }: TenantScope, ids: readonly string[], since: Date): Promise<Current> {
  const seqs = new Map<string, number>();
  for (let start = 0; start < ids.length; start += IDS_PER_STATEMENT) {
    const some = inArray(events.generationId, ids.slice(start, start + IDS_PER_STATEMENT));
    const found = await database
      .select({ id: events.generationId, seq: max(events.seq) })
      .from(events)
      .where(rows(events, some, lt(events.at, since)))
      .groupBy(events.generationId);
    for (const { id, seq } of found) seqs.set(id, seq ?? 0);
  }
  return seqs;
}
