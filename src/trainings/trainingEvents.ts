/** The events of a training are rows with the seq 1, 2, 3 … without gaps, as those of a generation are. */
import { EVENT_BATCH, followEvents } from '../queue/followEvents.js';
import type { FollowedQueue } from '../queue/followTenant.js';
import { followTenant } from '../queue/followTenant.js';
import type { Waiters } from '../queue/waiters.js';
import { and, asc, desc, eq, gt, sql } from '../storage/drizzle.js';
import { notify } from '../storage/database.js';
import type { TrainingEventRow } from '../storage/tables.js';
import { trainingEvents, trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { TrainingEventPayload } from '../storage/trainingJsonColumns.js';
import { recordTrainingDelivery } from '../webhooks/recordTrainingDelivery.js';

/** Carries the id of each training that has a new event, and the signals of `queue/signals.ts`. */
export const TRAINING_CHANNEL = 'training';

/** Of one training. Whatever a child process writes, there are no more rows than these and the last one. */
export const MAX_EVENTS = 2_000;
/** Of these, so many can be starts and progress, which come again with every attempt: the others have room always. */
export const MAX_PROGRESS_EVENTS = 1_800;
/** That are listed. A training makes about ten. */
export const MAX_IMAGE_GRIDS = 50;
const TERMINAL_EVENTS = new Set<TrainingEventPayload['type']>([
  'TrainingSucceeded',
  'TrainingFailed',
  'TrainingCanceled',
]);

/** The change of a training's row that reserves the next number. Afterwards `lastSeq` is this number. */
export const reserveSeq = { lastSeq: sql`${trainings.lastSeq} + 1` };

/** Runs in the transaction of the change that the event reports, with the number that it reserved. */
export async function insertEvent(
  scope: TenantScope,
  trainingId: string,
  seq: number,
  payload: TrainingEventPayload,
): Promise<void> {
  const { database, own } = scope;
  const at = new Date();
  await database.insert(trainingEvents).values(own({ trainingId, seq, payload, at }));
  await recordTrainingDelivery(scope, trainingId, payload, at);
  await notify(database, TRAINING_CHANNEL, trainingId);
}

function readEvents({ database, rows }: TenantScope, id: string, after: number): Promise<TrainingEventRow[]> {
  return database
    .select()
    .from(trainingEvents)
    .where(rows(trainingEvents, eq(trainingEvents.trainingId, id), gt(trainingEvents.seq, after)))
    .orderBy(asc(trainingEvents.seq))
    .limit(EVENT_BATCH);
}

/** The newest first. */
export function imageGridsOf({ database, rows }: TenantScope, id: string): Promise<TrainingEventRow[]> {
  const isGrid = sql`${trainingEvents.payload} ->> 'type' = 'ImageGridReady'`;
  return database
    .select()
    .from(trainingEvents)
    .where(rows(trainingEvents, and(eq(trainingEvents.trainingId, id), isGrid)))
    .orderBy(desc(trainingEvents.seq))
    .limit(MAX_IMAGE_GRIDS);
}

const FOLLOWED: FollowedQueue<TrainingEventRow> = {
  table: trainings,
  events: trainingEvents,
  rowOfEvent: trainingEvents.trainingId,
  name: 'training',
  anyId: '00000000-0000-0000-0000-000000000001',
  read: readEvents,
  isTerminal: ({ payload }) => TERMINAL_EVENTS.has(payload.type),
};
export const ANY_TRAINING = FOLLOWED.anyId;

/** The events with a seq above `after`, future ones included, up to the last event of the training. */
export function followTraining(
  scope: TenantScope,
  id: string,
  after: number,
  waiters: Waiters,
): AsyncIterableIterator<TrainingEventRow> {
  return followEvents(FOLLOWED, scope, id, after, waiters);
}

/** The events of all trainings of the tenant. @param since also events from then on; undefined: only events that follow */
export function followTrainings(
  scope: TenantScope,
  since: Date | undefined,
  waiters: Waiters,
): AsyncIterableIterator<TrainingEventRow> {
  return followTenant(FOLLOWED, scope, since, waiters);
}
