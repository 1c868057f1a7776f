import type { InferSelectModel } from 'drizzle-orm';
import { doublePrecision, integer, pgTable, text, uuid } from '../drizzle.js';
import { timestamptz } from './timestamptz.js';

export const references = pgTable('reference', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  productId: uuid('product_id').notNull(),
  name: text('name'),
  artifactKey: text('artifact_key').notNull(),
  /** A hash of the normalized pixels; of a defective photograph, also of its defect and mask. */
  hash: text('hash').notNull(),
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  createdAt: timestamptz('created_at').notNull(),
  /** The subject of the caller who requested its first upload. Null in rows of older versions. */
  createdBy: text('created_by'),
  archivedAt: timestamptz('archived_at'),
  /** The defect that it shows, and the mask that marks it. Null for a good part. */
  defectId: uuid('defect_id'),
  maskId: uuid('mask_id'),
  /** Equal for photographs with the same pixels, whatever they show. Null in rows of older versions. */
  pixelHash: text('pixel_hash'),
});

export const regionMasks = pgTable('region_mask', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  artifactKey: text('artifact_key').notNull(),
  /** A hash of the normalized pixels. */
  hash: text('hash').notNull(),
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  areaFraction: doublePrecision('area_fraction').notNull(),
  /** The bounding box of the region. */
  extentWidth: integer('extent_width').notNull(),
  extentHeight: integer('extent_height').notNull(),
  /** The share of the outermost pixels that the region has. Null in rows of older versions. */
  borderFraction: doublePrecision('border_fraction'),
  createdAt: timestamptz('created_at').notNull(),
});

export const uploads = pgTable('upload', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  purpose: text('purpose').$type<'REFERENCE' | 'MASK' | 'MODEL' | 'DATA_SET'>().notNull(),
  /** Set only for a REFERENCE. */
  productId: uuid('product_id'),
  name: text('name'),
  /** Set only for a REFERENCE that shows a defect. */
  defectId: uuid('defect_id'),
  defectMaskId: uuid('defect_mask_id'),
  /** How many files were received and decoded for it. */
  attempts: integer('attempts').notNull().default(0),
  /** SHA-256 of the body that completed it, in hexadecimal. */
  bodyHash: text('body_hash'),
  referenceId: uuid('reference_id'),
  maskId: uuid('mask_id'),
  modelId: uuid('model_id'),
  dataSetId: uuid('data_set_id'),
  createdAt: timestamptz('created_at').notNull(),
  createdBy: text('created_by'),
  completedAt: timestamptz('completed_at'),
});

export type ReferenceRow = InferSelectModel<typeof references>;
export type RegionMaskRow = InferSelectModel<typeof regionMasks>;
export type UploadRow = InferSelectModel<typeof uploads>;
