/** The queue of exports is their table. An attempt begins from the start, and only its end is visible. */
import { eq, sql } from '../storage/drizzle.js';
import { leaseOf, secondsFromNow } from '../queue/lease.js';
import type { Database } from '../storage/database.js';
import type { ExportRow } from '../storage/tables.js';
import { exports } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { recordExportDelivery } from '../webhooks/recordExportDeliveries.js';

/** Notified of every new export. */
export const EXPORT_CHANNEL = 'export';
const LEASE_SECONDS = 30;
/** After this many attempts that failed, or ended with the process, an export fails. */
const MAX_ATTEMPTS = 5;

export const exportLease = leaseOf(exports, 'RUNNING');

/**
 * Claims the oldest export of the tenant that has the fewest running; of equals, the one that was served least recently.
 * @param except tenants that have their share of this worker
 */
export async function claimExport(
  database: Database,
  owner: string,
  leaseSeconds = LEASE_SECONDS,
  except: readonly string[] = [],
): Promise<ExportRow | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      with running as (
        select tenant_id, count(*) as n from export
        where status = 'RUNNING' and lease_until > now() group by tenant_id
      ), served as (
        select tenant_id, max(started_at) as at from export group by tenant_id
      ), next as (
        select e.id
        from export e left join running r on r.tenant_id = e.tenant_id left join served s on s.tenant_id = e.tenant_id
        where (e.status = 'QUEUED' or e.status = 'RUNNING') and (e.lease_until is null or e.lease_until <= now())
          and not (e.tenant_id::text = any (string_to_array(${except.join()}, ',')))
        order by coalesce(r.n, 0), s.at nulls first, e.id
        limit 1
        for update of e skip locked
      )
      update export e
      set status = 'RUNNING', attempts = e.attempts + 1, samples_done = 0, lease_owner = ${owner},
          lease_until = ${secondsFromNow(leaseSeconds)}, started_at = coalesce(e.started_at, now())
      from next where e.id = next.id
      returning e.id
    `);
    const [claimed] = rows;
    if (claimed === undefined) return undefined;
    const [row] = await tx.select().from(exports).where(eq(exports.id, claimed.id));
    return row;
  });
}

/** Whether this attempt is one too many. */
export function attemptsExhausted({ attempts }: ExportRow): boolean {
  return attempts > MAX_ATTEMPTS;
}

/** Whether another attempt may follow this one. */
export function mayRetry({ attempts }: ExportRow): boolean {
  return attempts < MAX_ATTEMPTS;
}

/** Records the progress and renews the lease. @throws ClaimLostError */
export async function renewExportLease(
  database: Database,
  owner: string,
  { id }: ExportRow,
  samplesDone: number,
  leaseSeconds = LEASE_SECONDS,
): Promise<void> {
  await exportLease.update(database, owner, id, { samplesDone, leaseUntil: secondsFromNow(leaseSeconds) });
}

/** Gives the claim back unharmed: the attempt does not count. */
export async function releaseExport(
  database: Database,
  owner: string,
  { id }: ExportRow,
  delaySeconds = 0,
): Promise<void> {
  await exportLease.update(database, owner, id, { ...exportLease.released(delaySeconds), samplesDone: 0 });
}

/** Leaves the export to another attempt, after a delay that doubles each time. @throws ClaimLostError */
export async function retryExport(
  database: Database,
  owner: string,
  { id, attempts }: ExportRow,
  failure: ExportRow['failure'],
): Promise<void> {
  const leaseUntil = secondsFromNow(2 ** attempts);
  await exportLease.update(database, owner, id, { failure, samplesDone: 0, leaseOwner: null, leaseUntil });
}

export type ExportOutcome =
  | ({ readonly status: 'SUCCEEDED' } & Pick<
      ExportRow,
      'sampleCount' | 'photographCount' | 'archiveKey' | 'archiveBytes' | 'archiveSha256'
    >)
  | ({ readonly status: 'FAILED' } & Pick<ExportRow, 'failure'>);

/** The one moment at which the archive becomes visible. @throws ClaimLostError */
export async function endExport(
  scope: TenantScope,
  owner: string,
  row: ExportRow,
  outcome: ExportOutcome,
): Promise<void> {
  const done = outcome.status === 'SUCCEEDED' ? { samplesDone: outcome.sampleCount, failure: null } : {};
  const ended = { ...done, ...outcome, finishedAt: new Date() };
  await scope.transaction(async (tx) => {
    await exportLease.update(tx.database, owner, row.id, ended);
    await recordExportDelivery(tx, { ...row, ...ended }, ended.finishedAt);
  });
}
