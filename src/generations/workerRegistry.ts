/** The registry of worker processes. Each sends a heartbeat every few seconds; one whose heartbeat stops is considered dead. */
import { hostname } from 'node:os';
import { eq, lt, sql } from '../storage/drizzle.js';
import type { DeviceInfo } from '../inference/index.js';
import type { Database } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import type { WorkerRow } from '../storage/tables.js';
import { workers } from '../storage/tables.js';

export const HEARTBEAT_MS = 5_000;
export const LIVENESS_SECONDS = 20;
const RETENTION_SECONDS = 600;

export interface WorkerRegistration {
  readonly id: string;
  /** Records that the worker is alive, its devices and its throughput. */
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
      const values = { devices: [...devices], pixelStepsPerSecond, seenAt: now };
      await database
        .insert(workers)
        .values({ id, host: hostname(), startedAt, ...values } as never)
        .onConflictDoUpdate({ target: workers.id, set: values as never });
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

/** False when every device of every live worker has failed. Without any worker, generations wait for one to start. */
export async function canGenerate(database: Database): Promise<boolean> {
  const devices = (await liveWorkers(database)).flatMap((worker) => worker.devices);
  return devices.length === 0 || devices.some(({ state }) => state !== 'FAILED');
}

/** The throughput of all live workers together; undefined before any of them has drawn a sample. */
export async function pixelStepsPerSecond(database: Database): Promise<number | undefined> {
  const speeds = (await liveWorkers(database)).flatMap((worker) => worker.pixelStepsPerSecond ?? []);
  return speeds.length === 0 ? undefined : speeds.reduce((sum, speed) => sum + speed, 0);
}

function ago(seconds: number) {
  return sql`now() - ${seconds} * interval '1 second'`;
}
