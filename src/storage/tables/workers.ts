import type { InferSelectModel } from 'drizzle-orm';
import { doublePrecision, jsonb, pgTable, text, uuid } from '../drizzle.js';
import type { DeviceInfo } from '../../inference/index.js';
import { timestamptz } from './timestamptz.js';

/** The processes that run models. One without a recent heartbeat is gone. */
export const workers = pgTable('worker', {
  id: uuid('id').primaryKey(),
  host: text('host').notNull(),
  devices: jsonb('devices').$type<DeviceInfo[]>().notNull(),
  /** Recent throughput. Null before it has drawn anything. */
  pixelStepsPerSecond: doublePrecision('pixel_steps_per_second'),
  startedAt: timestamptz('started_at').notNull(),
  seenAt: timestamptz('seen_at').notNull(),
});

export const sharedSecrets = pgTable('shared_secret', {
  name: text('name').primaryKey(),
  /** A fingerprint of a secret that all processes must share. It does not reveal the secret. */
  fingerprint: text('fingerprint').notNull(),
});

export type WorkerRow = InferSelectModel<typeof workers>;
