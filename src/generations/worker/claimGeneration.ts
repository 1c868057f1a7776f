/**
 * The queue is the generation table. A worker claims a row with a lease and renews it while it draws; a lease that
 * runs out gives the row back. Every write of a worker is fenced: it takes effect only while the row is RUNNING
 * and leased to that worker, so one that was thought dead, or whose generation was canceled, changes nothing.
 */
import type { SQL } from 'drizzle-orm';
import { eq, sql } from 'drizzle-orm';
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
import { attemptsOf } from './attempts.js';
import {
  GENERATION_CHANNEL,
  QUEUED_SIGNAL,
  appendEvent,
  appendEvents,
  reserveSeqs,
} from '../events/generationEvents.js';
import { LIVENESS_SECONDS } from './workerRegistry.js';

/** A generation that took the process with it this often, without a new sample in between, is given up. */
const MAX_ATTEMPTS = 5;

/** The lease of a generation. */
export const generationLease = leaseOf(generations, 'RUNNING');

export interface ClaimFilter {
  /** Tenants that are given nothing now. */
  readonly excludedTenants?: readonly string[];
  /** What this worker can draw: what another live worker can draw instead is left to that one. */
  readonly bundles?: readonly string[];
}

/** Of each tenant: more than there are workers that claim at the same moment, each of which passes by what another has locked. */
const HEADS_PER_TENANT = 16;

/**
 * The next generation to draw, or undefined. Order: priority, raised by waiting; then the tenant that has the least running;
 * then age. Of each tenant only the first are looked at, so that a claim costs the same however many wait. A RUNNING row
 * without a live lease was left by a worker that is gone; its finished samples are kept. What is `held` is being drawn here,
 * even if this process slept through its leases.
 */
export async function claimGeneration(
  database: Database,
  { owner, leaseSeconds }: LeaseHolder,
  held: readonly string[],
  { excludedTenants: satisfied = [], bundles }: ClaimFilter = {},
): Promise<GenerationRow | undefined> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; tenant_id: string; first: boolean }>(sql`
      with running as (
        select tenant_id, count(*) as n from generation
        where status = 'RUNNING' and lease_until > now() group by tenant_id
      ), heads as (
        select h.id from tenant t cross join lateral (
          select g.id from generation g
          where g.tenant_id = t.id and g.status = 'QUEUED' and ${supportedHere(bundles)} and ${notIn(sql`g.id`, held)}
          order by ${turn}, g.id limit ${HEADS_PER_TENANT}
        ) h where ${notIn(sql`t.id`, satisfied)}
        union all
        select g.id from generation g
        where g.status = 'RUNNING' and ${isAbandoned} and ${supportedHere(bundles)}
          and ${notIn(sql`g.id`, held)} and ${notIn(sql`g.tenant_id`, satisfied)}
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
const isAbandoned = sql`(g.lease_until is null or g.lease_until <= now())`;

/** Of a model that no live worker has any more, the first that comes takes the generation, and fails it. */
function supportedHere(bundles: readonly string[] | undefined): SQL {
  if (bundles === undefined) return sql`true`;
  return sql`(g.settings ->> 'bundle' in (${listOf(bundles)}) or not exists (
    select from worker w, jsonb_array_elements(w.devices) d
    where w.seen_at > now() - ${LIVENESS_SECONDS} * interval '1 second'
      and d -> 'bundles' @> jsonb_build_array(g.settings ->> 'bundle')))`;
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

/** Whether this claim was the first ever: it began when the claim's lease did. */
export function isFirstClaim({ startedAt, leaseUntil }: GenerationRow, { leaseSeconds }: LeaseHolder): boolean {
  if (startedAt === null || leaseUntil === null) return false;
  return leaseUntil.getTime() - startedAt.getTime() === leaseSeconds * 1000;
}

export function attemptsExhausted(row: GenerationRow): boolean {
  return row.attempts > MAX_ATTEMPTS;
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
  Pick<GenerationRow, 'status' | 'failure' | 'finishedAt' | 'stepsDone' | 'leaseOwner' | 'attempts'>
>;

/** @param more how many samples became ready. */
const withSamples = (more: number) => ({
  samplesDone: sql`${generations.samplesDone} + ${more}`,
  attempts: 0,
  // Progress is told now and then; what is ready counts in full meanwhile.
  stepsDone: sql`greatest(${generations.stepsDone}, (${generations.samplesDone} + ${more}) * (${generations.settings} ->> 'steps')::int)`,
});

/** One fenced change of a claimed generation, with the events that tell of it, and whatever else belongs to it. */
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
