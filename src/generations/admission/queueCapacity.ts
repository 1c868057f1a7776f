/** The load of the queue: whether it has capacity for new samples, and the position of a new generation. */
import { sql } from 'drizzle-orm';
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

export interface QueueLoad {
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
  const levels = rows.map(({ priority, generations, samples, pixelSteps }) => ({
    priority: Number(priority),
    generations: Number(generations),
    samples: Number(samples),
    pixelSteps: Number(pixelSteps),
  }));
  return { levels, pixelStepsPerSecond: await pixelStepsPerSecond(database) };
}

export function requireCapacity(queue: QueueLoad, requested: number, limit: number): void {
  const waiting = queue.levels.reduce((sum, { samples }) => sum + samples, 0);
  const capacity = Math.max(0, limit - waiting);
  if (requested <= capacity) return;
  throw new ServiceError(
    'QUEUE_FULL',
    `The queue has room for ${String(capacity)} of ${String(limit)} samples, ${String(requested)} were requested; nothing was accepted, try again later`,
    { retryAfterMs: estimatedDrainMs(queue, Math.min(requested, limit) - capacity), limit },
  );
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
