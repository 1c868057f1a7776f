/** The registry of trainers. Each sends a heartbeat every few seconds; one whose heartbeat stops is considered dead. */
import { hostname } from 'node:os';
import { HEARTBEAT_MS, LIVENESS_SECONDS } from '../generations/workerRegistry.js';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { count, eq, lt, sql } from '../storage/drizzle.js';
import { newId } from '../storage/identifiers.js';
import { trainers } from '../storage/tables.js';

const RETENTION_SECONDS = 600;

const ago = (seconds: number) => sql`now() - ${seconds} * interval '1 second'`;

/** Returns a function that unregisters it. */
export async function registerTrainer(database: Database, log: Log): Promise<() => Promise<void>> {
  const [id, startedAt, seenAt] = [newId(), new Date(), sql`now()`];
  const beat = async (): Promise<void> => {
    await database
      .insert(trainers)
      .values({ id, host: hostname(), startedAt, seenAt })
      .onConflictDoUpdate({ target: trainers.id, set: { seenAt } });
    await database.delete(trainers).where(lt(trainers.seenAt, ago(RETENTION_SECONDS)));
  };
  let last = beat();
  await last;
  const timer = setInterval(() => {
    last = last.then(beat).catch((error: unknown) => log.warn({ err: error }, 'a heartbeat of the trainer failed'));
  }, HEARTBEAT_MS);
  return async () => {
    clearInterval(timer);
    await last;
    await database.delete(trainers).where(eq(trainers.id, id));
  };
}

export async function countLiveTrainers(database: Database): Promise<number> {
  const [found] = await database
    .select({ n: count() })
    .from(trainers)
    .where(sql`${trainers.seenAt} > ${ago(LIVENESS_SECONDS)}`);
  return found?.n ?? 0;
}
