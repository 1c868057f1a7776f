import type { InferSelectModel } from 'drizzle-orm';
import { doublePrecision, integer, jsonb, pgTable, primaryKey, text, uuid } from '../drizzle.js';
import type {
  TrainingEventPayload,
  TrainingFailure,
  TrainingProgress,
  TrainingSettings,
  TrainingVerdict,
} from '../trainingJsonColumns.js';
import { timestamptz } from './timestamptz.js';

export const trainings = pgTable('training', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  dataSetId: uuid('data_set_id').notNull(),
  kind: text('kind').$type<'ADAPTER' | 'FINE_TUNE' | 'FROM_SCRATCH'>().notNull(),
  /** The bundle that it begins with, or the one whose architecture it takes, name@version. */
  base: text('base').notNull(),
  /** Of the new model. */
  name: text('name').notNull(),
  version: text('version').notNull(),
  settings: jsonb('settings').$type<TrainingSettings>().notNull(),
  minutes: doublePrecision('minutes').notNull(),
  priority: integer('priority').notNull().default(0),
  status: text('status').$type<'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED'>().notNull(),
  progress: jsonb('progress').$type<TrainingProgress>(),
  verdict: jsonb('verdict').$type<TrainingVerdict>(),
  lastSeq: integer('last_seq').notNull().default(0),
  attempts: integer('attempts').notNull().default(0),
  leaseOwner: text('lease_owner'),
  leaseUntil: timestamptz('lease_until'),
  idempotencyKey: text('idempotency_key'),
  inputHash: text('input_hash').notNull(),
  createdBy: text('created_by'),
  /** Why the last attempt failed. */
  failure: jsonb('failure').$type<TrainingFailure>(),
  /** The trained model as a zip, as `createUpload` takes one. Null once it was published or discarded. */
  archiveKey: text('archive_key'),
  archiveBytes: integer('archive_bytes'),
  /** What it became when it was published. */
  modelId: uuid('model_id'),
  createdAt: timestamptz('created_at').notNull(),
  startedAt: timestamptz('started_at'),
  finishedAt: timestamptz('finished_at'),
  discardedAt: timestamptz('discarded_at'),
  /** When retention deleted its events and its trained model. */
  expiredAt: timestamptz('expired_at'),
});

/** Numbered 1, 2, 3 … within the training, without gaps. */
export const trainingEvents = pgTable(
  'training_event',
  {
    tenantId: uuid('tenant_id').notNull(),
    trainingId: uuid('training_id').notNull(),
    seq: integer('seq').notNull(),
    payload: jsonb('payload').$type<TrainingEventPayload>().notNull(),
    at: timestamptz('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.trainingId, table.seq] })],
);

/** The processes that train. One without a recent heartbeat is gone. */
export const trainers = pgTable('trainer', {
  id: uuid('id').primaryKey(),
  host: text('host').notNull(),
  startedAt: timestamptz('started_at').notNull(),
  seenAt: timestamptz('seen_at').notNull(),
});

export type TrainingRow = InferSelectModel<typeof trainings>;
export type TrainingEventRow = InferSelectModel<typeof trainingEvents>;
