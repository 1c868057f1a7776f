/**
 * The events of a generation are rows with the seq 1, 2, 3 … without gaps: the number is reserved under the lock of the generation's
 * row, in the transaction of the change. A subscriber continues after the last seq that it has seen. So a reconnect loses nothing, a
 * slow subscriber costs nothing, and no fan-out in memory can leak.
 */
import { asc, eq, gt, sql } from '../../storage/drizzle.js';
import { notify } from '../../storage/database.js';
import type { EventPayload } from '../../storage/jsonColumns.js';
import type { EventRow } from '../../storage/tables.js';
import { events, generations } from '../../storage/tables.js';
import { coalesceRead } from '../../storage/readCoalescing.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { recordDeliveries } from '../../webhooks/recordDeliveries.js';
import type { Waiters } from '../../queue/waiters.js';
import { closableEvents } from './closableEvents.js';

/** Carries the id of each generation that has a new event, and the signals below. */
export const GENERATION_CHANNEL = 'generation';
/** There is a generation to claim. */
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
/** The most that one read returns. */
export const EVENT_BATCH = 100;

/** The change of a generation's row that reserves the next numbers. Afterwards `lastSeq` is the last of them. */
export const reserveSeqs = (count: number) => ({ lastSeq: sql`${generations.lastSeq} + ${count}` });

/** Must run within the transaction of the change that the event reports. */
export async function appendEvent(scope: TenantScope, generationId: string, payload: EventPayload): Promise<void> {
  const [row] = await scope.database
    .update(generations)
    .set(reserveSeqs(1))
    .where(scope.rows(generations, eq(generations.id, generationId)))
    .returning({ lastSeq: generations.lastSeq });
  if (row === undefined) throw new Error(`generation ${generationId} does not exist`);
  await appendEvents(row.lastSeq, scope, generationId, [payload]);
}

/** Like `appendEvent`, with numbers that the transaction has reserved. */
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

export function readEvents({ database, rows }: TenantScope, generationId: string, after: number): Promise<EventRow[]> {
  return database
    .select()
    .from(events)
    .where(rows(events, eq(events.generationId, generationId), gt(events.seq, after)))
    .orderBy(asc(events.seq))
    .limit(EVENT_BATCH);
}

/**
 * The events with a seq above `after`, future ones included, up to the last event of the generation. The event poller
 * (`eventPoller.ts`) compensates for lost notifications.
 */
export function followEvents(
  scope: TenantScope,
  generationId: string,
  after: number,
  waiters: Waiters,
): AsyncIterableIterator<EventRow> {
  const waiter = waiters.waiter(generationId);
  return closableEvents(pullEvents(scope, generationId, after, waiter), waiter);
}

async function* pullEvents(scope: TenantScope, id: string, after: number, waiter: ReturnType<Waiters['waiter']>) {
  let seen = (waiter.seen = after);
  try {
    while (!waiter.closed) {
      const notified = waiter.next();
      const batch = await coalesceRead(scope, `events/${id}/${String(seen)}`, () => readEvents(scope, id, seen));
      for (const event of batch) {
        seen = waiter.seen = event.seq;
        yield event;
        if (TERMINAL_EVENTS.has(event.payload.type)) return;
      }
      // `after` is beyond the last event of a finished generation: no event will follow.
      if (batch.length === 0 && (await isOver(scope, id, seen))) return;
      // Events since the read began have already notified the waiter.
      if (batch.length < EVENT_BATCH) await notified;
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
