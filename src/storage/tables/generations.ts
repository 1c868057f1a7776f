import type { InferSelectModel } from 'drizzle-orm';
import { bigint, doublePrecision, integer, jsonb, pgTable, primaryKey, text, uuid } from '../drizzle.js';
import type { GenerationSettings, EventPayload, GenerationFailure } from '../jsonColumns.js';
import { timestamptz } from './timestamptz.js';

export const generations = pgTable('generation', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  productId: uuid('product_id').notNull(),
  defectId: uuid('defect_id').notNull(),
  status: text('status').$type<'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED'>().notNull(),
  settings: jsonb('settings').$type<GenerationSettings>().notNull(),
  count: integer('count').notNull(),
  priority: integer('priority').notNull(),
  /** The cost: pixels of the model × steps × samples. */
  pixelSteps: bigint('pixel_steps', { mode: 'number' }).notNull(),
  samplesDone: integer('samples_done').notNull(),
  stepsDone: integer('steps_done').notNull(),
  lastSeq: integer('last_seq').notNull(),
  /** Claims in a row without a new sample since. */
  attempts: integer('attempts').notNull(),
  /** Device workers that died while a sample of this generation ran on them, in a row without a new sample since. */
  deviceCrashes: integer('device_crashes').notNull().default(0),
  leaseOwner: text('lease_owner'),
  leaseUntil: timestamptz('lease_until'),
  idempotencyKey: text('idempotency_key'),
  inputHash: text('input_hash').notNull(),
  /** The subject of the caller. Null in rows of older versions. */
  createdBy: text('created_by'),
  failure: jsonb('failure').$type<GenerationFailure>(),
  createdAt: timestamptz('created_at').notNull(),
  startedAt: timestamptz('started_at'),
  finishedAt: timestamptz('finished_at'),
  /** When retention deleted its samples and events. */
  expiredAt: timestamptz('expired_at'),
  /** The W3C trace context of the request. */
  traceparent: text('traceparent'),
});

export const events = pgTable(
  'generation_event',
  {
    tenantId: uuid('tenant_id').notNull(),
    generationId: uuid('generation_id').notNull(),
    seq: integer('seq').notNull(),
    payload: jsonb('payload').$type<EventPayload>().notNull(),
    at: timestamptz('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.generationId, table.seq] })],
);

/** Samples that were drawn and rejected. */
export const rejections = pgTable(
  'generation_rejection',
  {
    tenantId: uuid('tenant_id').notNull(),
    generationId: uuid('generation_id').notNull(),
    index: integer('index').notNull(),
    attempt: integer('attempt').notNull(),
    seed: integer('seed').notNull(),
    visibility: doublePrecision('visibility'),
    agreement: doublePrecision('agreement'),
    /** Null in rows of versions that did not record it. */
    confidence: doublePrecision('confidence'),
    createdAt: timestamptz('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.generationId, table.index, table.attempt] })],
);

/** One row for each claim by a worker, with its outcome. */
export const attempts = pgTable(
  'generation_attempt',
  {
    tenantId: uuid('tenant_id').notNull(),
    generationId: uuid('generation_id').notNull(),
    number: integer('number').notNull(),
    worker: text('worker').notNull(),
    startedAt: timestamptz('started_at').notNull(),
    endedAt: timestamptz('ended_at'),
    outcome: text('outcome').$type<AttemptOutcome>(),
    message: text('message'),
  },
  (table) => [primaryKey({ columns: [table.generationId, table.number] })],
);

export type AttemptOutcome = 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'INTERRUPTED' | 'WORKER_LOST';

export type GenerationRow = InferSelectModel<typeof generations>;
export type EventRow = InferSelectModel<typeof events>;
export type RejectionRow = InferSelectModel<typeof rejections>;
export type AttemptRow = InferSelectModel<typeof attempts>;
