import type { InferSelectModel } from 'drizzle-orm';
import { bigint, boolean, doublePrecision, integer, jsonb, pgTable, primaryKey, text, uuid } from '../drizzle.js';
import type { AllowedArea, BoundingBox } from '../../inference/index.js';
import type { SampleTransplant } from '../jsonColumns.js';
import { timestamptz } from './timestamptz.js';

export const artifacts = pgTable('artifact', {
  /** Unguessable. It is also the name in the artifact store. */
  key: text('key').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  contentType: text('content_type').notNull(),
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  bytes: integer('bytes').notNull(),
  createdAt: timestamptz('created_at').notNull(),
});

export const samples = pgTable('sample', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  generationId: uuid('generation_id').notNull(),
  productId: uuid('product_id').notNull(),
  defectId: uuid('defect_id').notNull(),
  index: integer('index').notNull(),
  seed: integer('seed').notNull(),
  strength: doublePrecision('strength').notNull(),
  areaFraction: doublePrecision('area_fraction').notNull(),
  boundingBoxes: jsonb('bounding_boxes').$type<BoundingBox[]>().notNull(),
  imageKey: text('image_key').notNull(),
  maskKey: text('mask_key').notNull(),
  overlayKey: text('overlay_key').notNull(),
  createdAt: timestamptz('created_at').notNull(),
  /** Which draw it was, from 1. */
  attempt: integer('attempt').notNull(),
  referenceId: uuid('reference_id'),
  /** The defective photograph that its defect is transplanted from. */
  defectReferenceId: uuid('defect_reference_id'),
  /** The sample that its defect is transplanted from. */
  donorSampleId: uuid('donor_sample_id'),
  /** Null unless the defect is transplanted. */
  transplant: jsonb('transplant').$type<SampleTransplant>(),
  /** The sample that it is drawn on. */
  baseSampleId: uuid('base_sample_id'),
  /** Whether it was drawn on a sample that is deleted. */
  onSample: boolean('on_sample').notNull().default(false),
  regionKey: text('region_key'),
  twinKey: text('twin_key'),
  /** Null if no pixel is to be ignored, and in rows of versions that did not record it. */
  ignoreKey: text('ignore_key'),
  /** Null if the request gave the region, and in rows of versions that did not record it. */
  allowedArea: jsonb('allowed_area').$type<AllowedArea>(),
  /** Null in rows of versions that did not record it. */
  confidence: doublePrecision('confidence'),
  visibility: doublePrecision('visibility'),
  agreement: doublePrecision('agreement'),
  direction: doublePrecision('direction'),
  seam: doublePrecision('seam'),
  filling: doublePrecision('filling'),
  reviewState: text('review_state').$type<ReviewState>().notNull().default('UNREVIEWED'),
  reviewTags: jsonb('review_tags').$type<string[]>().notNull().default([]),
  reviewComment: text('review_comment').notNull().default(''),
  /** How often the review was changed. */
  reviewVersion: integer('review_version').notNull().default(0),
  reviewedBy: text('reviewed_by'),
  reviewedAt: timestamptz('reviewed_at'),
});

/** The photographs that a sample shows of samples that are deleted. */
export const sampleSources = pgTable(
  'sample_source',
  {
    tenantId: uuid('tenant_id').notNull(),
    sampleId: uuid('sample_id').notNull(),
    referenceId: uuid('reference_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.sampleId, table.referenceId] })],
);

/** The size of a tenant's artifacts, as parts of a sum. Triggers maintain it. */
export const storedBytes = pgTable(
  'stored_bytes',
  {
    tenantId: uuid('tenant_id').notNull(),
    part: integer('part').notNull(),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.part] })],
);

/** Files in the store that no row names: being written, or to be removed. */
export const pendingFiles = pgTable('loose_file', {
  key: text('key').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  since: timestamptz('since').notNull(),
});

export type ArtifactRow = InferSelectModel<typeof artifacts>;
export type ReviewState = 'UNREVIEWED' | 'ACCEPTED' | 'REJECTED';
export type SampleRow = InferSelectModel<typeof samples>;
/** A sample as it is drawn: without a review. */
export type NewSampleRow = Omit<SampleRow, 'tenantId' | 'onSample' | `review${string}`>;
