/** The queue of generations is their table: which one a worker claims next, and the fenced writes of a worker. */
import type { SQL } from 'drizzle-orm';
import { eq, sql } from '../../storage/drizzle.js';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { DeviceLostError } from '../../inference/index.js';
import type { LeaseHolder } from '../../queue/lease.js';
import { claimLost, leaseOf, secondsFromNow } from '../../queue/lease.js';
import type { Database } from '../../storage/database.js';
import { notify } from '../../storage/database.js';
import type { EventPayload } from '../../storage/jsonColumns.js';
import type { GenerationRow } from '../../storage/tables.js';
import { generations } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { forTenant } from '../../storage/tenantScope.js';
import { AGING_SECONDS, EFFECTIVE_PRIORITY } from '../../storage/effectivePriority.js';
import { QUEUED_SIGNAL } from '../../queue/signals.js';
import { attemptsOf } from '../attempts.js';
import { GENERATION_CHANNEL, appendEvent, appendEvents, reserveSeqs } from '../events/generationEvents.js';
import { LIVENESS_SECONDS } from '../workerRegistry.js';

/** A generation fails after this many device workers that died while they ran its samples, without a new sample in between. */
const MAX_DEVICE_CRASHES = 5;

export const generationLease = leaseOf(generations, 'RUNNING');

/**
 * How long a generation waits before it is claimed again after its process died: not at all twice, then 1 s, doubling up to 256 s. A
 * process's death never fails a generation, because nothing says which of the generations in progress caused it, if any did. The
 * delay keeps one that does cause it from taking every process with it before the others are generated.
 */
const crashDelay = (attempts: SQL | PgColumn): SQL =>
  sql`case when ${attempts} <= 2 then 0 else power(2, least(${attempts} - 3, 8)) end * interval '1 second'`;

/** Ends the leases of all workers. For the start of the only process that can have the database open. */
export const expireLeases = (database: Database): Promise<void> =>
  generationLease.expireAll(database, crashDelay(generations.attempts));

/** A generation that a worker holds. */
export interface ClaimedGeneration {
  readonly scope: TenantScope;
  readonly row: GenerationRow;
  readonly owner: string;
}

export interface ClaimFilter {
  /** Tenants whose generations are not claimed now. */
  readonly excludedTenants?: readonly string[];
  /** The bundles of this worker. A generation of another bundle is left to a live worker that has it. */
  readonly bundles?: readonly string[];
}

/** More than there are workers that claim at the same moment, because each of them skips the rows that another has locked. */
const HEADS_PER_TENANT = 16;

/**
 * Claims the next generation, if there is one. The order is priority, raised by waiting; then the tenant that has the fewest running;
 * then age. Only the first few of each tenant are considered, so that a claim costs the same however many wait. A RUNNING row without a
 * live lease was left by a worker that is gone, and its finished samples are kept.
 * @param held The generations in progress here; they are not claimed again even if this process slept through their leases.
 */
export async function claimGeneration(
  database: Database,
  { owner, leaseSeconds }: LeaseHolder,
  held: readonly string[],
  { excludedTenants = [], bundles }: ClaimFilter = {},
): Promise<GenerationRow | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; tenant_id: string; first: boolean }>(sql`
      with running as (
        select tenant_id, count(*) as n from generation
        where status = 'RUNNING' and lease_owner is not null and lease_until > now() group by tenant_id
      ), heads as (
        select h.id from tenant t cross join lateral (
          select g.id from generation g
          where g.tenant_id = t.id and g.status = 'QUEUED' and ${supportedHere(bundles)} and ${notIn(sql`g.id`, held)}
          order by ${turn}, g.id limit ${HEADS_PER_TENANT}
        ) h where ${notIn(sql`t.id`, excludedTenants)}
        union all
        select g.id from generation g
        where g.status = 'RUNNING' and ${isAbandoned} and ${supportedHere(bundles)}
          and ${notIn(sql`g.id`, held)} and ${notIn(sql`g.tenant_id`, excludedTenants)}
      ), next as (
        select g.id, g.started_at is null as first
        from generation g left join running r on r.tenant_id = g.tenant_id
        where g.id = any (array(select id from heads)) and (g.status = 'QUEUED' or (g.status = 'RUNNING' and ${isAbandoned}))
        order by
          g.priority + floor(extract(epoch from now() - g.created_at) / ${AGING_SECONDS}) desc, coalesce(r.n, 0), ${turn}, g.id
        limit 1
        for update of g skip locked
      )
      update generation g
      set status = 'RUNNING', attempts = g.attempts + 1, lease_owner = ${owner},
          lease_until = ${secondsFromNow(leaseSeconds)}, started_at = coalesce(g.started_at, now()),
          steps_done = g.samples_done * (g.settings ->> 'steps')::int
      from next where g.id = next.id
      returning g.id, g.tenant_id, next.first
    `);
    const [claimed] = rows;
    if (claimed === undefined) return undefined;
    const scope = forTenant(tx, claimed.tenant_id);
    await attemptsOf(scope).begin(claimed.id, owner);
    if (claimed.first) await appendEvent(scope, claimed.id, { type: 'GenerationStarted' });
    const [row] = await tx.select().from(generations).where(eq(generations.id, claimed.id));
    return row;
  });
}

const turn = sql.raw(EFFECTIVE_PRIORITY);
const isAbandoned = sql`(g.lease_until is null
  or g.lease_until + case when g.lease_owner is null then interval '0' else ${crashDelay(sql`g.attempts`)} end <= now())`;

/** The bundle that a worker must have: the base of a model that a tenant uploaded. */
const BUNDLE = sql`coalesce(g.settings -> 'tenantModel' ->> 'base', g.settings ->> 'bundle')`;

/** If no live worker has the bundle any more, the first worker that comes claims the generation and fails it. */
function supportedHere(bundles: readonly string[] | undefined): SQL {
  if (bundles === undefined) return sql`true`;
  return sql`(${BUNDLE} in (${listOf(bundles)}) or not exists (
    select from worker w, jsonb_array_elements(w.devices) d
    where w.seen_at > now() - ${LIVENESS_SECONDS} * interval '1 second'
      and d -> 'bundles' @> jsonb_build_array(${BUNDLE})))`;
}

function notIn(column: SQL, ids: readonly string[]): SQL {
  if (ids.length === 0) return sql`true`;
  return sql`${column} not in (${listOf(ids)})`;
}

function listOf(values: readonly string[]): SQL {
  return sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  );
}

/** Whether this is the first claim ever: the generation started when the lease began. */
export function isFirstClaim({ startedAt, leaseUntil }: GenerationRow, { leaseSeconds }: LeaseHolder): boolean {
  if (startedAt === null || leaseUntil === null) return false;
  return leaseUntil.getTime() - startedAt.getTime() === leaseSeconds * 1000;
}

/**
 * Counts a device worker that died while it drew samples of the generation. The count outlives every process. Returns the new count.
 * @throws ClaimLostError
 */
export async function recordDeviceCrash({ database, rows }: TenantScope, owner: string, id: string): Promise<number> {
  const [held] = await database
    .update(generations)
    .set({ deviceCrashes: sql`${generations.deviceCrashes} + 1` })
    .where(rows(generations, generationLease.heldBy(owner, [id])))
    .returning({ deviceCrashes: generations.deviceCrashes });
  if (held === undefined) throw claimLost(id, owner);
  return held.deviceCrashes;
}

/** Throws once the generation has crashed too many device workers. */
export function requireFewCrashes(deviceCrashes: number): void {
  if (deviceCrashes < MAX_DEVICE_CRASHES) return;
  throw new DeviceLostError(
    `device workers died ${String(deviceCrashes)} times while they drew samples of this generation, which is given up`,
  );
}

/** Gives a claim back unharmed: the next worker continues with it, and this attempt does not count. */
export async function releaseGeneration(tenant: TenantScope, owner: string, id: string, reason: string): Promise<void> {
  await tenant.transaction(async (scope) => {
    const released = await scope.database
      .update(generations)
      .set(generationLease.released())
      .where(scope.rows(generations, generationLease.heldBy(owner, [id])))
      .returning({ id: generations.id });
    if (released.length === 0) return;
    await attemptsOf(scope).end(id, 'INTERRUPTED', reason);
    await notify(scope.database, GENERATION_CHANNEL, QUEUED_SIGNAL);
  });
}

type Changes = Partial<
  Pick<GenerationRow, 'status' | 'failure' | 'finishedAt' | 'stepsDone' | 'leaseOwner' | 'attempts' | 'deviceCrashes'>
>;

/** A new sample, kept or rejected, shows that the generation makes progress. */
export const newSample = { attempts: 0, deviceCrashes: 0 } as const;

/** @param more how many samples became ready. */
const withSamples = (more: number) => ({
  samplesDone: sql`${generations.samplesDone} + ${more}`,
  ...newSample,
  // Progress is reported now and then; samples that are ready count in full meanwhile.
  stepsDone: sql`greatest(${generations.stepsDone}, (${generations.samplesDone} + ${more}) * (${generations.settings} ->> 'steps')::int)`,
});

/**
 * A fenced change of a claimed generation, in one transaction with the events that report it and with `within`.
 * @throws ClaimLostError
 */
export async function updateClaimed(
  tenant: TenantScope,
  owner: string,
  id: string,
  changes: Changes & { moreSamples?: number },
  payloads: readonly EventPayload[],
  within?: (scope: TenantScope) => Promise<void>,
): Promise<void> {
  const { moreSamples, ...columns } = changes;
  await tenant.transaction(async (scope) => {
    const [held] = await scope.database
      .update(generations)
      .set({
        ...columns,
        ...(moreSamples === undefined ? {} : withSamples(moreSamples)),
        ...reserveSeqs(payloads.length),
      })
      .where(scope.rows(generations, generationLease.heldBy(owner, [id])))
      .returning({ lastSeq: generations.lastSeq });
    if (held === undefined) throw claimLost(id, owner);
    await within?.(scope);
    if (changes.status === 'SUCCEEDED' || changes.status === 'FAILED')
      await attemptsOf(scope).end(id, changes.status, changes.failure?.message);
    await appendEvents(held.lastSeq, scope, id, payloads);
  });
}
