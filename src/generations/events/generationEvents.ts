/**
 * The events of a generation are rows with the seq 1, 2, 3 … without gaps: the number is reserved under the lock of the generation's
 * row, in the transaction of the change. See `queue/followEvents.ts` for those who follow them.
 */
import { asc, eq, gt, sql } from '../../storage/drizzle.js';
import { notify } from '../../storage/database.js';
import type { EventPayload } from '../../storage/jsonColumns.js';
import type { EventRow } from '../../storage/tables.js';
import { events, generations } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { recordDeliveries } from '../../webhooks/recordDeliveries.js';
import { EVENT_BATCH, followEvents } from '../../queue/followEvents.js';
import type { FollowedQueue } from '../../queue/followTenant.js';
import { followTenant } from '../../queue/followTenant.js';
import type { Waiters } from '../../queue/waiters.js';

/** Carries the id of each generation that has a new event, and the signals of `queue/signals.ts`. */
export const GENERATION_CHANNEL = 'generation';

const TERMINAL_EVENTS = new Set<EventPayload['type']>([
  'GenerationSucceeded',
  'GenerationFailed',
  'GenerationCanceled',
]);
/** Of one event. */
export const MAX_PREVIEWS = 16;

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
  if (payloads.some(({ type }) => TERMINAL_EVENTS.has(type))) await deletePreviews(scope, generationId);
  await recordDeliveries(scope, generationId, payloads, at);
  await notify(database, GENERATION_CHANNEL, generationId);
}

/** They show what has become a sample by now, or never will. */
async function deletePreviews({ database, rows }: TenantScope, generationId: string): Promise<void> {
  const has = sql`${events.payload} ? 'previews'`;
  await database
    .update(events)
    .set({ payload: sql`${events.payload} - 'previews'` })
    .where(rows(events, eq(events.generationId, generationId), has));
}

function readEvents({ database, rows }: TenantScope, generationId: string, after: number): Promise<EventRow[]> {
  return database
    .select()
    .from(events)
    .where(rows(events, eq(events.generationId, generationId), gt(events.seq, after)))
    .orderBy(asc(events.seq))
    .limit(EVENT_BATCH);
}

const FOLLOWED: FollowedQueue<EventRow> = {
  table: generations,
  events,
  rowOfEvent: events.generationId,
  name: 'generation',
  anyId: '00000000-0000-0000-0000-000000000000',
  read: readEvents,
  isTerminal: ({ payload }) => TERMINAL_EVENTS.has(payload.type),
};
export const ANY_GENERATION = FOLLOWED.anyId;

/**
 * The events with a seq above `after`, future ones included, up to the last event of the generation. The event poller
 * (`eventPoller.ts`) compensates for lost notifications.
 */
export function followGeneration(
  scope: TenantScope,
  generationId: string,
  after: number,
  waiters: Waiters,
): AsyncIterableIterator<EventRow> {
  return followEvents(FOLLOWED, scope, generationId, after, waiters);
}

/** The events of all generations of the tenant. @param since also events from then on; undefined: only events that follow */
export function followGenerations(
  scope: TenantScope,
  since: Date | undefined,
  waiters: Waiters,
): AsyncIterableIterator<EventRow> {
  return followTenant(FOLLOWED, scope, since, waiters);
}
