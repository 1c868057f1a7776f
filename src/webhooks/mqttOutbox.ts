/** The messages that wait for the MQTT broker. One process at a time publishes them, so that their order is kept. */
import { asc, eq, inArray, lt, sql } from '../storage/drizzle.js';
import { secondsFromNow } from '../queue/lease.js';
import type { Database } from '../storage/database.js';
import { mqttMessages, mqttPublishers } from '../storage/tables.js';

const NAME = 'mqtt';
/** After this, another process publishes in the place of one that is gone. */
export const PUBLISHER_LEASE_SECONDS = 10;
const BATCH = 100;
const KEEP_MS = 86_400_000;

export interface MqttMessage {
  readonly id: string;
  readonly topic: string;
  readonly body: string;
}

/** Claims or renews the right to publish. False while another process has it. */
export async function claimPublishing(database: Database, owner: string): Promise<boolean> {
  const leaseUntil = secondsFromNow(PUBLISHER_LEASE_SECONDS);
  const isFree = sql`${mqttPublishers.leaseUntil} is null or ${mqttPublishers.leaseUntil} <= now() or ${mqttPublishers.leaseOwner} = ${owner}`;
  const [row] = await database
    .insert(mqttPublishers)
    .values({ name: NAME, leaseOwner: owner, leaseUntil, seenAt: sql`now()` })
    .onConflictDoUpdate({
      target: mqttPublishers.name,
      set: { seenAt: sql`now()`, leaseOwner: owner, leaseUntil },
      setWhere: isFree,
    })
    .returning({ name: mqttPublishers.name });
  return row !== undefined;
}

export async function releasePublishing(database: Database, owner: string): Promise<void> {
  await database.update(mqttPublishers).set({ leaseUntil: null }).where(eq(mqttPublishers.leaseOwner, owner));
}

/** The oldest first. */
export function nextMessages(database: Database): Promise<readonly MqttMessage[]> {
  const { id, topic, body } = mqttMessages;
  return database.select({ id, topic, body }).from(mqttMessages).orderBy(asc(id)).limit(BATCH);
}

/** The broker has them. */
export async function removeMessages(database: Database, ids: readonly string[]): Promise<void> {
  await database.delete(mqttMessages).where(inArray(mqttMessages.id, [...ids]));
}

/** What no broker took for a day is no news any more. */
export async function removeOldMessages(database: Database): Promise<void> {
  await database.delete(mqttMessages).where(lt(mqttMessages.createdAt, new Date(Date.now() - KEEP_MS)));
}
