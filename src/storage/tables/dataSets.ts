import type { InferSelectModel } from 'drizzle-orm';
import { doublePrecision, integer, jsonb, pgTable, primaryKey, text, uuid } from '../drizzle.js';
import type { DataSetFinding } from '../dataSetFindings.js';
import { timestamptz } from './timestamptz.js';

/** A version of a data set. It never changes, and its number is never given again, even after it was deleted. */
export const dataSets = pgTable('data_set', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  name: text('name').notNull(),
  /** From 1. */
  version: integer('version').notNull(),
  /** The share of photographs for testing, chosen by the seed. Both are null if the members for testing were listed. */
  testShare: doublePrecision('test_share'),
  splitSeed: integer('split_seed'),
  /** What the data set as a whole lacks. */
  findings: jsonb('findings').$type<readonly DataSetFinding[]>().notNull().default([]),
  idempotencyKey: text('idempotency_key'),
  inputHash: text('input_hash').notNull().default(''),
  createdAt: timestamptz('created_at').notNull(),
  createdBy: text('created_by'),
  deletedAt: timestamptz('deleted_at'),
});

/** Of a version that is not deleted. Positions count from 0. */
export const dataSetMembers = pgTable(
  'data_set_member',
  {
    tenantId: uuid('tenant_id').notNull(),
    dataSetId: uuid('data_set_id').notNull(),
    position: integer('position').notNull(),
    /** A photograph of a good part, or with its defect and mask. Null for a sample. */
    referenceId: uuid('reference_id'),
    sampleId: uuid('sample_id'),
    split: text('split').$type<'TRAIN' | 'TEST'>().notNull(),
    findings: jsonb('findings').$type<readonly DataSetFinding[]>().notNull().default([]),
  },
  (table) => [primaryKey({ columns: [table.dataSetId, table.position] })],
);

export type DataSetRow = InferSelectModel<typeof dataSets>;
export type DataSetMemberRow = InferSelectModel<typeof dataSetMembers>;
