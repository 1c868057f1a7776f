/**
 * The events of a generation are rows with a seq of 1, 2, 3 … without a gap: the number is taken under the lock
 * of the generation's row, in the transaction that makes the change. A subscriber reads on from the last seq it
 * saw, so reconnecting loses nothing, a slow one costs nothing, and there is no fan-out in memory to leak.
 */
import { asc, eq, gt, sql } from 'drizzle-orm';
import { notify } from '../../storage/database.js';
import type { EventPayload } from '../../storage/jsonColumns.js';
import type { EventRow } from '../../storage/tables.js';
import { events, generations } from '../../storage/tables.js';
import { coalesceRead } from '../../storage/readCoalescing.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { recordDeliveries } from '../../webhooks/recordDeliveries.js';
import type { Waiters } from '../../queue/waiters.js';

/** The channel on which the id of a generation is told when it has a new event, and the signals below. */
export const GENERATION_CHANNEL = 'generation';
/** There is something to claim. */
export const QUEUED_SIGNAL = 'queued';
const CANCEL_PREFIX = 'cancel:';
/** The generation is canceled, and its worker may stop. */
export const cancelSignal = (id: string): string => CANCEL_PREFIX + id;
/** The generation of a cancel signal; empty for any other payload. */
export const canceledId = (payload: string): string =>
  payload.startsWith(CANCEL_PREFIX) ? payload.slice(CANCEL_PREFIX.length) : '';

const TERMINAL_EVENTS = new Set<EventPayload['type']>([
  'GenerationSucceeded',
  'GenerationFailed',
  'GenerationCanceled',
]);
const BATCH = 100;

/** What an update of the generation's row sets to take the next numbers, of which its `lastSeq` is the last one then. */
export const reserveSeqs = (count: number) => ({ lastSeq: sql`${generations.lastSeq} + ${count}` });

/** Must run inside the transaction that makes the change it tells of. */
export async function appendEvent(scope: TenantScope, generationId: string, payload: EventPayload): Promise<void> {
  const [row] = await scope.database
    .update(generations)
    .set(reserveSeqs(1))
    .where(scope.rows(generations, eq(generations.id, generationId)))
    .returning({ lastSeq: generations.lastSeq });
  if (row === undefined) throw new Error(`generation ${generationId} is not there`);
  await appendEvents(row.lastSeq, scope, generationId, [payload]);
}

/** As `append`, under numbers that the transaction has taken. */
export async function appendEvents(
  lastSeq: number,
  scope: TenantScope,
  generationId: string,
  payloads: readonly EventPayload[],
): Promise<void> {
  if (payloads.length === 0) return;
  const { database, own } = scope;
  const at = new Date();
  const first = lastSeq - payloads.length + 1;
  await database
    .insert(events)
    .values(payloads.map((payload, i) => own({ generationId, seq: first + i, payload, at })));
  await recordDeliveries(scope, generationId, payloads, at);
  await notify(database, GENERATION_CHANNEL, generationId);
}

function readEvents({ database, rows }: TenantScope, generationId: string, after: number): Promise<EventRow[]> {
  return database
    .select()
    .from(events)
    .where(rows(events, eq(events.generationId, generationId), gt(events.seq, after)))
    .orderBy(asc(events.seq))
    .limit(BATCH);
}

/** Events with a seq above `after`, those to come included, until the last one of the generation. The event poller (`eventPoller.ts`) compensates for lost notifications. */
export function followEvents(
  scope: TenantScope,
  generationId: string,
  after: number,
  waiters: Waiters,
): AsyncIterableIterator<EventRow> {
  const waiter = waiters.waiter(generationId);
  const generator = pullEvents(scope, generationId, after, waiter);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => generator.next(),
    // A generator that waits cannot be returned from: the waiter is rung first.
    return: () => {
      waiter.close();
      return generator.return(undefined);
    },
  };
}

async function* pullEvents(scope: TenantScope, id: string, after: number, waiter: ReturnType<Waiters['waiter']>) {
  let seen = (waiter.seen = after);
  try {
    while (!waiter.closed) {
      const heard = waiter.next();
      const batch = await coalesceRead(scope, `events/${id}/${String(seen)}`, () => readEvents(scope, id, seen));
      for (const event of batch) {
        seen = waiter.seen = event.seq;
        yield event;
        if (TERMINAL_EVENTS.has(event.payload.type)) return;
      }
      // An `after` beyond the end of a generation that is over: nothing will come.
      if (batch.length === 0 && (await isOver(scope, id, seen))) return;
      // What came since the read began was heard.
      if (batch.length < BATCH) await heard;
    }
  } finally {
    waiter.close();
  }
}

async function isOver({ database, rows }: TenantScope, id: string, seen: number): Promise<boolean> {
  const [row] = await database
    .select({ finishedAt: generations.finishedAt, expiredAt: generations.expiredAt, lastSeq: generations.lastSeq })
    .from(generations)
    .where(rows(generations, eq(generations.id, id)));
  if (row === undefined || row.expiredAt !== null) return true;
  return row.finishedAt !== null && row.lastSeq <= seen;
}
