/**
 * The processes that draw, as all processes see them: each tells of itself every few seconds, and one that falls silent
 * is taken for gone.
 */
import { hostname } from 'node:os';
import { eq, lt, sql } from 'drizzle-orm';
import type { DeviceInfo } from '../../inference/index.js';
import type { Database } from '../../storage/database.js';
import { newId } from '../../storage/identifiers.js';
import type { WorkerRow } from '../../storage/tables.js';
import { workers } from '../../storage/tables.js';

export const HEARTBEAT_MS = 5_000;
export const LIVENESS_SECONDS = 20;
const RETENTION_SECONDS = 600;

export interface WorkerRegistration {
  readonly id: string;
  /** Tells that it lives, what its devices are, and how fast it draws. */
  heartbeat(devices: readonly DeviceInfo[], pixelStepsPerSecond: number | null): Promise<void>;
  unregister(): Promise<void>;
}

export function registerWorker(database: Database): WorkerRegistration {
  const id = newId();
  const startedAt = new Date();
  return {
    id,
    async heartbeat(devices, pixelStepsPerSecond) {
      const now = sql`now()`;
      const told = { devices: [...devices], pixelStepsPerSecond, seenAt: now };
      await database
        .insert(workers)
        .values({ id, host: hostname(), startedAt, ...told } as never)
        .onConflictDoUpdate({ target: workers.id, set: told as never });
      await database.delete(workers).where(lt(workers.seenAt, ago(RETENTION_SECONDS)));
    },
    async unregister() {
      await database.delete(workers).where(eq(workers.id, id));
    },
  };
}

export async function liveWorkers(database: Database): Promise<readonly WorkerRow[]> {
  return database
    .select()
    .from(workers)
    .where(sql`${workers.seenAt} > ${ago(LIVENESS_SECONDS)}`)
    .orderBy(workers.startedAt);
}

/** False when every device of every live worker was given up. With no worker at all, work waits for one to come. */
export async function canGenerate(database: Database): Promise<boolean> {
  const devices = (await liveWorkers(database)).flatMap((worker) => worker.devices);
  return devices.length === 0 || devices.some(({ state }) => state !== 'FAILED');
}

/** Of all live workers together; undefined when none has drawn anything yet. */
export async function pixelStepsPerSecond(database: Database): Promise<number | undefined> {
  const speeds = (await liveWorkers(database)).flatMap((worker) => worker.pixelStepsPerSecond ?? []);
  return speeds.length === 0 ? undefined : speeds.reduce((sum, speed) => sum + speed, 0);
}

function ago(seconds: number) {
  return sql`now() - ${seconds} * interval '1 second'`;
}
