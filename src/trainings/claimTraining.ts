/** The queue of trainings is their table: which one a trainer claims next, and its fenced writes. */
import { eq, sql } from '../storage/drizzle.js';
import type { LeaseHolder } from '../queue/lease.js';
import { claimLost, leaseOf, secondsFromNow } from '../queue/lease.js';
import type { Database } from '../storage/database.js';
import { EFFECTIVE_PRIORITY } from '../storage/effectivePriority.js';
import type { TrainingRow } from '../storage/tables.js';
import { trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { TrainingEventPayload } from '../storage/trainingJsonColumns.js';
import { MAX_EVENTS, MAX_PROGRESS_EVENTS, insertEvent, reserveSeq } from './trainingEvents.js';

/** After this many attempts that failed, or ended with their process, a training fails. */
const MAX_ATTEMPTS = 5;

export const trainingLease = leaseOf(trainings, 'RUNNING');

/**
 * Claims a training of the tenant that has the fewest running; of equals, of the one that was served least recently. Of that
 * tenant, the one with the highest priority, which rises by waiting: a priority orders one tenant's trainings alone, for
 * each can take hours. A RUNNING row without a live lease was left by a trainer that is gone.
 */
export function claimTraining(
  database: Database,
  { owner, leaseSeconds }: LeaseHolder,
): Promise<TrainingRow | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      with running as (
        select tenant_id, count(*) as n from training
        where status = 'RUNNING' and lease_until > now() group by tenant_id
      ), served as (
        select tenant_id, max(started_at) as at from training group by tenant_id
      ), next as (
        select t.id
        from training t left join running r on r.tenant_id = t.tenant_id left join served s on s.tenant_id = t.tenant_id
        where t.status in ('QUEUED', 'RUNNING') and (t.lease_until is null or t.lease_until <= now())
        order by coalesce(r.n, 0), (t.status = 'RUNNING') desc, s.at nulls first, ${sql.raw(ofTraining(EFFECTIVE_PRIORITY))}, t.id
        limit 1
        for update of t skip locked
      )
      update training t
      set status = 'RUNNING', attempts = t.attempts + 1, lease_owner = ${owner},
          lease_until = ${secondsFromNow(leaseSeconds)}, started_at = coalesce(t.started_at, now())
      from next where t.id = next.id
      returning t.id
    `);
    const [claimed] = rows;
    if (claimed === undefined) return undefined;
    const [row] = await tx.select().from(trainings).where(eq(trainings.id, claimed.id));
    return row;
  });
}

const ofTraining = (expression: string): string =>
  expression.replace('created_at', 't.created_at').replace(' priority', ' t.priority');

export const attemptsExhausted = ({ attempts }: TrainingRow): boolean => attempts > MAX_ATTEMPTS;
export const mayRetry = ({ attempts }: TrainingRow): boolean => attempts < MAX_ATTEMPTS;

type Changes = Partial<
  Pick<
    TrainingRow,
    'status' | 'progress' | 'verdict' | 'failure' | 'archiveKey' | 'archiveBytes' | 'finishedAt' | 'leaseOwner'
  >
>;

/**
 * A fenced change of a claimed training, in one transaction with the event that reports it and with `within`. When there
 * are many events, starts and progress get none any more. Throws `ClaimLostError`, `TooManyEvents`.
 */
export async function updateTraining(
  tenant: TenantScope,
  owner: string,
  id: string,
  changes: Changes,
  payload: TrainingEventPayload,
  within?: (scope: TenantScope) => Promise<void>,
): Promise<void> {
  await tenant.transaction(async (scope) => {
    const [held] = await scope.database
      .update(trainings)
      .set({ ...changes, ...reserveSeq })
      .where(scope.rows(trainings, trainingLease.heldBy(owner, [id])))
      .returning({ lastSeq: trainings.lastSeq });
    if (held === undefined) throw claimLost(id, owner);
    if (held.lastSeq > MAX_EVENTS && changes.status === undefined && !isRepeated(payload)) throw new TooManyEvents();
    await within?.(scope);
    if (isRepeated(payload) && held.lastSeq > MAX_PROGRESS_EVENTS) {
      const { database, rows } = scope;
      await database
        .update(trainings)
        .set({ lastSeq: held.lastSeq - 1 })
        .where(rows(trainings, eq(trainings.id, id)));
      return;
    }
    await insertEvent(scope, id, held.lastSeq, payload);
  });
}

const isRepeated = ({ type }: TrainingEventPayload): boolean =>
  type === 'TrainingStarted' || type === 'TrainingProgressed';

/** The child process reports more than a training has to say. */
export class TooManyEvents extends Error {
  override readonly name = 'TooManyEvents';
  override readonly message = `a training has more than ${String(MAX_EVENTS)} events`;
}

/** Gives the claim back unharmed: the attempt does not count. */
export async function releaseTraining(database: Database, owner: string, id: string, delaySeconds = 0): Promise<void> {
  await trainingLease.update(database, owner, id, trainingLease.released(delaySeconds));
}

/** Leaves the training to another attempt, after a delay that doubles each time. Throws `ClaimLostError`. */
export async function retryTraining(
  database: Database,
  owner: string,
  { id, attempts }: TrainingRow,
  failure: TrainingRow['failure'],
): Promise<void> {
  await trainingLease.update(database, owner, id, {
    failure,
    leaseOwner: null,
    leaseUntil: secondsFromNow(2 ** (attempts - 1)),
  });
}
