/** The queue as a whole: whether there is room in it, and where in it a new generation stands. */
import { sql } from 'drizzle-orm';
import { ServiceError } from '../../errors.js';
import type { Database } from '../../storage/database.js';
import { pixelStepsPerSecond } from '../worker/workerRegistry.js';

/** The shortest and the longest that a caller is told to wait before it asks again. */
const RETRY = { least: 1_000, most: 600_000, unknown: 5_000 } as const;

/** What waits and runs at one priority, over all tenants. */
interface PriorityLoad {
  readonly priority: number;
  readonly generations: number;
  readonly samples: number;
  readonly pixelSteps: number;
}

export interface QueueLoad {
  readonly levels: readonly PriorityLoad[];
  /** Of all live workers together, as measured of late; undefined when nothing was measured yet. */
  readonly pixelStepsPerSecond: number | undefined;
}

/** Where a generation stands when it is accepted. An estimate: fair shares and later arrivals move it. */
export interface QueuePosition {
  /** How many generations go before it. */
  readonly ahead: number;
  /** Until its last sample is ready; null when no worker has measured its speed yet. */
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

export function requireCapacity(queue: QueueLoad, asked: number, limit: number): void {
  const waiting = queue.levels.reduce((sum, { samples }) => sum + samples, 0);
  const room = Math.max(0, limit - waiting);
  if (asked <= room) return;
  throw new ServiceError(
    'QUEUE_FULL',
    `The queue has room for ${String(room)} of ${String(limit)} samples, ${String(asked)} were asked for; nothing was accepted, try again later`,
    { retryAfterMs: estimatedDrainMs(queue, Math.min(asked, limit) - room), limit },
  );
}

/** About as long as the workers need to draw so many samples of what waits. */
function estimatedDrainMs({ levels, pixelStepsPerSecond: speed }: QueueLoad, samples: number): number {
  const total = levels.reduce((sum, level) => sum + level.samples, 0);
  const work = levels.reduce((sum, level) => sum + level.pixelSteps, 0);
  if (speed === undefined || total === 0) return RETRY.unknown;
  const milliseconds = (1000 * samples * (work / total)) / speed;
  return Math.round(Math.min(RETRY.most, Math.max(RETRY.least, milliseconds)));
}

interface NewGeneration {
  readonly priority: number;
  readonly pixelSteps: number;
}

/** In the order of the newcomers, each of which stands behind those before it that are not less urgent. */
export function queuePositions(
  { levels, pixelStepsPerSecond: speed }: QueueLoad,
  newcomers: readonly NewGeneration[],
): QueuePosition[] {
  const before: { priority: number; generations: number; pixelSteps: number }[] = [...levels];
  return newcomers.map(({ priority, pixelSteps }) => {
    const first = before.filter((other) => other.priority >= priority);
    const ahead = first.reduce((sum, { generations }) => sum + generations, 0);
    const work = first.reduce((sum, other) => sum + other.pixelSteps, pixelSteps);
    before.push({ priority, generations: 1, pixelSteps });
    return { ahead, estimatedSeconds: speed === undefined ? null : Math.ceil(work / speed) };
  });
}
