import type { InferSelectModel } from 'drizzle-orm';
import { bigint, boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from '../drizzle.js';
import type { ExportFailure, ExportSettings } from '../exportJsonColumns.js';
import { timestamptz } from './timestamptz.js';

export const exports = pgTable('export', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  format: text('format').$type<'MVTEC_AD' | 'COCO' | 'YOLO_SEGMENTATION'>().notNull(),
  settings: jsonb('settings').$type<ExportSettings>().notNull(),
  status: text('status').$type<'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED'>().notNull(),
  sampleCount: integer('sample_count').notNull(),
  samplesDone: integer('samples_done').notNull(),
  /** The photographs when the export was accepted, and once it has succeeded, those in the archive. */
  photographCount: integer('photograph_count').notNull().default(0),
  attempts: integer('attempts').notNull(),
  leaseOwner: text('lease_owner'),
  leaseUntil: timestamptz('lease_until'),
  idempotencyKey: text('idempotency_key'),
  inputHash: text('input_hash').notNull(),
  createdBy: text('created_by'),
  /** Why the last attempt failed. */
  failure: jsonb('failure').$type<ExportFailure>(),
  archiveKey: text('archive_key'),
  archiveBytes: bigint('archive_bytes', { mode: 'number' }),
  archiveSha256: text('archive_sha256'),
  createdAt: timestamptz('created_at').notNull(),
  startedAt: timestamptz('started_at'),
  finishedAt: timestamptz('finished_at'),
  /** When retention deleted the archive. */
  expiredAt: timestamptz('expired_at'),
});

/** The samples when the export was accepted, in the order of the archive. */
export const exportSamples = pgTable(
  'export_sample',
  {
    tenantId: uuid('tenant_id').notNull(),
    exportId: uuid('export_id').notNull(),
    position: integer('position').notNull(),
    sampleId: uuid('sample_id').notNull(),
    heldOut: boolean('held_out').notNull(),
  },
  (table) => [primaryKey({ columns: [table.exportId, table.position] })],
);

/** The defective photographs of the tenant that are exported beside the samples, in the order of the archive. */
export const exportPhotographs = pgTable(
  'export_photograph',
  {
    tenantId: uuid('tenant_id').notNull(),
    exportId: uuid('export_id').notNull(),
    position: integer('position').notNull(),
    referenceId: uuid('reference_id').notNull(),
    heldOut: boolean('held_out').notNull(),
  },
  (table) => [primaryKey({ columns: [table.exportId, table.position] })],
);

/** See exports/exportLabels.ts. */
export const exportLabels = pgTable(
  'export_label',
  {
    tenantId: uuid('tenant_id').notNull(),
    kind: text('kind').$type<'PRODUCT' | 'DEFECT'>().notNull(),
    subjectId: uuid('subject_id').notNull(),
    /** Of a defect, its class number. */
    position: integer('position').notNull(),
    folder: text('folder').notNull(),
    /** The folder as a case-insensitive file system compares it. */
    folded: text('folded').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.kind, table.subjectId] })],
);

export type ExportRow = InferSelectModel<typeof exports>;
