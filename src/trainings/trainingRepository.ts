/** A tenant's trainings: look-ups, lists, cancellation, and the end of what they made. */
import { scheduleRemoval } from '../artifacts/pendingFiles.js';
import { ServiceError, quote } from '../errors.js';
import { and, eq, inArray } from '../storage/drizzle.js';
import { notify } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { TrainingRow } from '../storage/tables.js';
import { trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { cancelSignal } from '../queue/signals.js';
import { TRAINING_CHANNEL, insertEvent, reserveSeq } from './trainingEvents.js';

/** Ids rise with time. */
export const TRAINING_ORDERS: ListOrders<TrainingRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: trainings.id, kind: 'id', of: ({ id }) => id }] },
};

export interface TrainingConditions {
  readonly statuses?: readonly TrainingRow['status'][] | undefined;
}

export interface Trainings {
  byIds(ids: readonly string[]): Promise<readonly TrainingRow[]>;
  /** Throws `ServiceError` NOT_FOUND, also for another tenant's training. */
  require(id: string): Promise<TrainingRow>;
  page(request: PageRequest, conditions: TrainingConditions): Promise<Page<TrainingRow>>;
  /** Null for more than can be counted at once. */
  count(conditions: TrainingConditions): Promise<number | null>;
  /** Cancels a queued or running training at once. Finished trainings are unchanged. */
  cancel(id: string): Promise<TrainingRow>;
  /** Deletes the trained model, which can then never be published. Throws `ServiceError` TRAINING_HAS_NO_MODEL. */
  discard(id: string): Promise<TrainingRow>;
}

const UNFINISHED = ['QUEUED', 'RUNNING'] as const;

export function trainingsOf(scope: TenantScope): Trainings {
  const { database, rows } = scope;
  const select = () => database.select().from(trainings);
  const matching = ({ statuses }: TrainingConditions) =>
    statuses === undefined ? undefined : inArray(trainings.status, [...statuses]);

  async function byIds(ids: readonly string[]): Promise<readonly TrainingRow[]> {
    const valid = ids.filter(isId);
    return valid.length === 0 ? [] : select().where(rows(trainings, inArray(trainings.id, valid)));
  }

  async function require(id: string): Promise<TrainingRow> {
    const [row] = await byIds([id]);
    if (row === undefined)
      throw new ServiceError('NOT_FOUND', `id: there is no training ${quote(id)}`, { field: 'id' });
    return row;
  }

  return {
    byIds,
    require,
    async page(request, conditions) {
      const { within, orderBy } = keyset(TRAINING_ORDERS, request);
      const found = await select()
        .where(rows(trainings, within, matching(conditions)))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },
    count: (conditions) => boundedCount(database, trainings, rows(trainings, matching(conditions))),

    async cancel(id) {
      await require(id);
      await scope.transaction(async (tx) => {
        const [canceled] = await tx.database
          .update(trainings)
          .set({ status: 'CANCELED', finishedAt: new Date(), leaseOwner: null, leaseUntil: null, ...reserveSeq })
          .where(tx.rows(trainings, and(eq(trainings.id, id), inArray(trainings.status, [...UNFINISHED]))))
          .returning({ lastSeq: trainings.lastSeq });
        if (canceled === undefined) return;
        await insertEvent(tx, id, canceled.lastSeq, { type: 'TrainingCanceled' });
        await notify(tx.database, TRAINING_CHANNEL, cancelSignal(id));
      });
      return require(id);
    },

    async discard(id) {
      const row = await require(id);
      if (row.discardedAt !== null) return row;
      const { archiveKey } = requireArchive(row);
      await scope.transaction(async (tx) => {
        if (await takeArchive(tx, id, archiveKey, { discardedAt: new Date() })) return;
        requireArchive(await trainingsOf(tx).require(id));
      });
      return require(id);
    },
  };
}

/** Throws `ServiceError` TRAINING_HAS_NO_MODEL. */
export function requireArchive(row: TrainingRow): TrainingRow & { readonly archiveKey: string } {
  const { archiveKey } = row;
  if (archiveKey !== null) return { ...row, archiveKey };
  throw new ServiceError('TRAINING_HAS_NO_MODEL', `id: ${whyNone(row)}`, { field: 'id', status: row.status });
}

function whyNone({ status, modelId, discardedAt, name, version }: TrainingRow): string {
  if (status !== 'SUCCEEDED') return `the training is ${status}; only one that has SUCCEEDED has a model`;
  if (modelId !== null) return `the model was published as ${name}@${version}; deleteModel deletes it`;
  return discardedAt !== null
    ? 'the model was discarded'
    : 'the model was not published in time, and retention deleted it';
}

/** Runs in a transaction. False if another caller was faster: the archive becomes a model, or is discarded, once. */
export async function takeArchive(
  tx: TenantScope,
  id: string,
  archiveKey: string,
  changes: Partial<Pick<TrainingRow, 'modelId' | 'discardedAt'>>,
): Promise<boolean> {
  const taken = await tx.database
    .update(trainings)
    .set({ ...changes, archiveKey: null, archiveBytes: null })
    .where(tx.rows(trainings, and(eq(trainings.id, id), eq(trainings.archiveKey, archiveKey))))
    .returning({ id: trainings.id });
  if (taken.length > 0) await scheduleRemoval(tx, [archiveKey]);
  return taken.length > 0;
}
