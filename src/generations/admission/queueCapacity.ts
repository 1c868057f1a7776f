/**
 * The load of the queue: whether it has capacity for new samples of a tenant, and the position of a new generation. The
 * capacity is shared: a tenant may take what is left after the share of each other tenant.
 */
import { sql } from '../../storage/drizzle.js';
import { ServiceError } from '../../errors.js';
import type { Database } from '../../storage/database.js';
import { pixelStepsPerSecond } from '../workerRegistry.js';

/** Bounds of `retryAfterMs`, and its value when no throughput is known. */
const RETRY = { least: 1_000, most: 600_000, unknown: 5_000 } as const;

/** What is queued and running at one priority, over all tenants. */
interface PriorityLoad {
  readonly priority: number;
  readonly generations: number;
  readonly samples: number;
  readonly pixelSteps: number;
}

/** A tenant with samples in the queue, or one that uses the service and has a share of it. */
interface TenantLoad {
  readonly samples: number;
  readonly hasShare: boolean;
}

export interface QueueLoad {
  readonly tenants: ReadonlyMap<string, TenantLoad>;
  readonly levels: readonly PriorityLoad[];
  /** The recent throughput of all live workers together; undefined before anything was measured. */
  readonly pixelStepsPerSecond: number | undefined;
}

/** The position of a generation at its admission. It is an estimate, because fair shares and later arrivals change it. */
export interface QueuePosition {
  /** The number of generations that go first. */
  readonly ahead: number;
  /** The time until its last sample is ready; null when no throughput is known. */
  readonly estimatedSeconds: number | null;
}

/** Reads over all tenants. */
export async function readQueueLoad(database: Database): Promise<QueueLoad> {
  const { rows } = await database.execute<Record<keyof PriorityLoad, string | number>>(sql`
    select priority, count(*) as generations, sum(count) as samples, sum(pixel_steps) as "pixelSteps"
    from generation where status = 'QUEUED' group by priority
    union all
    select priority, count(*), sum(count - samples_done), sum(pixel_steps::float8 * (count - samples_done) / count)
    from generation where status = 'RUNNING' group by priority
  `);
  const tenants = await readTenantLoads(database);
  const levels = rows.map(({ priority, generations, samples, pixelSteps }) => ({
    priority: Number(priority),
    generations: Number(generations),
    samples: Number(samples),
    pixelSteps: Number(pixelSteps),
  }));
  return { levels, tenants, pixelStepsPerSecond: await pixelStepsPerSecond(database) };
}

/** A tenant that was created or has used the service within a week has a share; others would only waste it. */
async function readTenantLoads(database: Database): Promise<ReadonlyMap<string, TenantLoad>> {
  const { rows } = await database.execute<{ id: string; samples: string | number; active: boolean }>(sql`
    with load as (
      select tenant_id, sum(case status when 'QUEUED' then count else count - samples_done end) as samples
      from generation where status = 'QUEUED' or status = 'RUNNING' group by tenant_id
    )
    select t.id, coalesce(load.samples, 0) as samples, t.disabled_at is null and (
      t.created_at > now() - interval '7 days'
      or exists (select 1 from api_key k where k.tenant_id = t.id and k.last_used_at > now() - interval '7 days')
      or exists (select 1 from generation g where g.tenant_id = t.id and g.created_at > now() - interval '7 days')
    ) as active
    from tenant t left join load on load.tenant_id = t.id
  `);
  return new Map(rows.map(({ id, samples, active }) => [id, { samples: Number(samples), hasShare: active }]));
}

export function requireCapacity(queue: QueueLoad, tenantId: string, requested: number, limit: number): void {
  const { capacity, kept } = capacityFor(queue.tenants, tenantId, limit);
  if (requested <= capacity) return;
  const reason = kept === 0 ? '' : `, and keeps ${String(kept)} for other tenants`;
  throw new ServiceError(
    'QUEUE_FULL',
    `The queue has room for ${String(capacity)} of ${String(limit)} samples${reason}, ${String(requested)} were requested; nothing was accepted, try again later`,
    { retryAfterMs: estimatedDrainMs(queue, Math.min(requested, limit) - capacity), limit },
  );
}

/** `kept`: the room of other tenants' shares that they do not use now. */
function capacityFor(
  tenants: ReadonlyMap<string, TenantLoad>,
  tenantId: string,
  limit: number,
): { capacity: number; kept: number } {
  const sharing = [...tenants].filter(([id, { hasShare }]) => hasShare || id === tenantId).length;
  const share = Math.floor(limit / Math.max(1, sharing));
  let [waiting, kept] = [0, 0];
  for (const [id, { samples, hasShare }] of tenants) {
    waiting += samples;
    if (id !== tenantId && hasShare) kept += Math.max(0, share - samples);
  }
  return { capacity: Math.max(0, limit - waiting - kept), kept };
}

/** About the time that the workers need for this many of the queued samples. */
function estimatedDrainMs({ levels, pixelStepsPerSecond: throughput }: QueueLoad, samples: number): number {
  const total = levels.reduce((sum, level) => sum + level.samples, 0);
  const work = levels.reduce((sum, level) => sum + level.pixelSteps, 0);
  if (throughput === undefined || total === 0) return RETRY.unknown;
  const milliseconds = (1000 * samples * (work / total)) / throughput;
  return Math.round(Math.min(RETRY.most, Math.max(RETRY.least, milliseconds)));
}

interface NewGeneration {
  readonly priority: number;
  readonly pixelSteps: number;
}

/** In the order of the new generations. Each stands behind the earlier ones whose priority is not lower. */
export function queuePositions(
  { levels, pixelStepsPerSecond: throughput }: QueueLoad,
  newcomers: readonly NewGeneration[],
): QueuePosition[] {
  const before: { priority: number; generations: number; pixelSteps: number }[] = [...levels];
  return newcomers.map(({ priority, pixelSteps }) => {
    const first = before.filter((other) => other.priority >= priority);
    const ahead = first.reduce((sum, { generations }) => sum + generations, 0);
    const work = first.reduce((sum, other) => sum + other.pixelSteps, pixelSteps);
    before.push({ priority, generations: 1, pixelSteps });
    return { ahead, estimatedSeconds: throughput === undefined ? null : Math.ceil(work / throughput) };
  });
}
