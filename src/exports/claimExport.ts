/**
 * The queue of exports is their table, as that of generations is theirs: claimed with a lease that is renewed, and
 * every write of a worker is fenced by it. An attempt begins from the start; only its end is seen.
 */
import { and, eq, sql } from 'drizzle-orm';
import { ClaimLostError } from '../generations/worker/claimGeneration.js';
import type { Database } from '../storage/database.js';
import type { ExportRow } from '../storage/tables.js';
import { exports } from '../storage/tables.js';

/** On which a new export is announced. */
export const EXPORT_CHANNEL = 'export';
const LEASE_SECONDS = 30;
/** An export that failed, or took the process with it, this often is given up. */
const MAX_ATTEMPTS = 5;

/** The next export: of the tenant that has the least running, the oldest. */
export async function claimExport(
  database: Database,
  owner: string,
  leaseSeconds = LEASE_SECONDS,
): Promise<ExportRow | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      with running as (
        select tenant_id, count(*) as n from export
        where status = 'RUNNING' and lease_until > now() group by tenant_id
      ), next as (
        select e.id
        from export e left join running r on r.tenant_id = e.tenant_id
        where (e.status = 'QUEUED' or e.status = 'RUNNING') and (e.lease_until is null or e.lease_until <= now())
        order by coalesce(r.n, 0), e.id
        limit 1
        for update of e skip locked
      )
      update export e
      set status = 'RUNNING', attempts = e.attempts + 1, samples_done = 0, lease_owner = ${owner},
          lease_until = now() + ${leaseSeconds} * interval '1 second', started_at = coalesce(e.started_at, now())
      from next where e.id = next.id
      returning e.id
    `);
    const [claimed] = rows;
    if (claimed === undefined) return undefined;
    const [row] = await tx.select().from(exports).where(eq(exports.id, claimed.id));
    return row;
  });
}

/** Whether this attempt must not begin any more. */
export function attemptsExhausted({ attempts }: ExportRow): boolean {
  return attempts > MAX_ATTEMPTS;
}

/** Whether another attempt may follow this one. */
export function mayRetry({ attempts }: ExportRow): boolean {
  return attempts < MAX_ATTEMPTS;
}

/** Tells the progress and renews the lease. Throws `ClaimLost`. */
export async function renewExportLease(
  database: Database,
  owner: string,
  { id }: ExportRow,
  samplesDone: number,
  leaseSeconds = LEASE_SECONDS,
): Promise<void> {
  await updateClaimedExport(database, owner, id, {
    samplesDone,
    leaseUntil: sql`now() + ${leaseSeconds} * interval '1 second'`,
  });
}

/**
 * Gives the claim back unharmed; this attempt does not count.
 * @param pauseSeconds how long nobody takes it up: others go first meanwhile.
 */
export async function releaseExport(
  database: Database,
  owner: string,
  { id }: ExportRow,
  pauseSeconds = 0,
): Promise<void> {
  await updateClaimedExport(database, owner, id, {
    leaseOwner: null,
    leaseUntil: pauseSeconds === 0 ? null : sql`now() + ${pauseSeconds} * interval '1 second'`,
    samplesDone: 0,
    attempts: sql`greatest(0, ${exports.attempts} - 1)`,
  });
}

/** Leaves the export for another attempt, after a pause that doubles each time. */
export async function retryExport(
  database: Database,
  owner: string,
  { id, attempts }: ExportRow,
  failure: ExportRow['failure'],
): Promise<void> {
  await updateClaimedExport(database, owner, id, {
    failure,
    samplesDone: 0,
    leaseOwner: null,
    leaseUntil: sql`now() + ${2 ** attempts} * interval '1 second'`,
  });
}

export type ExportOutcome =
  | ({ readonly status: 'SUCCEEDED' } & Pick<
      ExportRow,
      'sampleCount' | 'archiveKey' | 'archiveBytes' | 'archiveSha256'
    >)
  | ({ readonly status: 'FAILED' } & Pick<ExportRow, 'failure'>);

/** The one moment at which the archive becomes visible. Throws `ClaimLost`. */
export async function endExport(
  database: Database,
  owner: string,
  { id }: ExportRow,
  end: ExportOutcome,
): Promise<void> {
  const done = end.status === 'SUCCEEDED' ? { samplesDone: end.sampleCount, failure: null } : {};
  await updateClaimedExport(database, owner, id, { ...done, ...end, finishedAt: new Date() });
}

/** At the start of the only process that can have the database open: whoever held a lease is gone. */
export async function expireExportLeases(database: Database): Promise<void> {
  await database.execute(sql`
    update export set lease_owner = null, lease_until = null where status = 'RUNNING' and lease_owner is not null
  `);
}

type Changes = Parameters<ReturnType<typeof updates>['set']>[0];
const updates = (database: Database) => database.update(exports);

async function updateClaimedExport(database: Database, owner: string, id: string, changes: Changes): Promise<void> {
  const [held] = await updates(database)
    .set(changes)
    .where(and(eq(exports.id, id), eq(exports.status, 'RUNNING'), eq(exports.leaseOwner, owner)))
    .returning({ id: exports.id });
  if (held === undefined) throw new ClaimLostError(`export ${id} is no longer held by ${owner}`);
}
