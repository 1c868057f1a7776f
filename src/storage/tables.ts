/** The tables as the queries see them. `migrations.ts` makes them; a test holds the two together. */
import type { InferSelectModel } from 'drizzle-orm';
import { customType, doublePrecision, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { BoundingBox } from '../inference/index.js';
import type { DrawSettings, EventPayload, FailureReason } from './records.js';

/** Always with a zone, always a Date. Both drivers may give text or Date. */
const instant = customType<{ data: Date; driverData: string | Date }>({
  dataType: () => 'timestamptz',
  fromDriver: (value) => new Date(value),
  toDriver: (value) => value.toISOString(),
});

export const tenants = pgTable('tenant', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: instant('created_at').notNull(),
});

export const apiKeys = pgTable('api_key', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  /** SHA-256 of the key, hex. The key itself is nowhere. */
  hash: text('hash').notNull(),
  origin: text('origin').$type<'CONFIGURED' | 'GENERATED'>().notNull(),
  createdAt: instant('created_at').notNull(),
});

export const products = pgTable('product', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  partNumber: text('part_number').notNull(),
  name: text('name').notNull(),
  promptName: text('prompt_name').notNull(),
  attributes: jsonb('attributes').$type<Record<string, unknown>>(),
  createdAt: instant('created_at').notNull(),
});

export const defects = pgTable('defect', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  code: text('code').notNull(),
  name: text('name').notNull(),
  promptName: text('prompt_name').notNull(),
  createdAt: instant('created_at').notNull(),
});

export const generations = pgTable('generation', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  productId: uuid('product_id').notNull(),
  defectId: uuid('defect_id').notNull(),
  status: text('status').$type<'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED'>().notNull(),
  settings: jsonb('settings').$type<DrawSettings>().notNull(),
  count: integer('count').notNull(),
  priority: integer('priority').notNull(),
  samplesDone: integer('samples_done').notNull(),
  stepsDone: integer('steps_done').notNull(),
  lastSeq: integer('last_seq').notNull(),
  attempts: integer('attempts').notNull(),
  leaseOwner: text('lease_owner'),
  leaseUntil: instant('lease_until'),
  idempotencyKey: text('idempotency_key'),
  inputHash: text('input_hash').notNull(),
  failure: jsonb('failure').$type<FailureReason>(),
  createdAt: instant('created_at').notNull(),
  startedAt: instant('started_at'),
  finishedAt: instant('finished_at'),
});

export const events = pgTable(
  'generation_event',
  {
    tenantId: uuid('tenant_id').notNull(),
    generationId: uuid('generation_id').notNull(),
    seq: integer('seq').notNull(),
    payload: jsonb('payload').$type<EventPayload>().notNull(),
    at: instant('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.generationId, table.seq] })],
);

export const artifacts = pgTable('artifact', {
  /** Unguessable; also the name in the artifact store. */
  key: text('key').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  contentType: text('content_type').notNull(),
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  bytes: integer('bytes').notNull(),
  createdAt: instant('created_at').notNull(),
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
  createdAt: instant('created_at').notNull(),
  /** Which try it was, from 1. */
  attempt: integer('attempt').notNull(),
  referenceId: uuid('reference_id'),
  /** The sample that it goes on from. */
  baseSampleId: uuid('base_sample_id'),
  regionKey: text('region_key'),
  twinKey: text('twin_key'),
  visibility: doublePrecision('visibility'),
  agreement: doublePrecision('agreement'),
  direction: doublePrecision('direction'),
  seam: doublePrecision('seam'),
  filling: doublePrecision('filling'),
});

/** Samples that were drawn and not kept. */
export const rejections = pgTable(
  'generation_rejection',
  {
    tenantId: uuid('tenant_id').notNull(),
    generationId: uuid('generation_id').notNull(),
    index: integer('index').notNull(),
    attempt: integer('attempt').notNull(),
    seed: integer('seed').notNull(),
    visibility: doublePrecision('visibility').notNull(),
    agreement: doublePrecision('agreement').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.generationId, table.index, table.attempt] })],
);

export const references = pgTable('reference', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  productId: uuid('product_id').notNull(),
  name: text('name'),
  artifactKey: text('artifact_key').notNull(),
  /** Of the normalised pixels. */
  hash: text('hash').notNull(),
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  createdAt: instant('created_at').notNull(),
  archivedAt: instant('archived_at'),
});

export const regionMasks = pgTable('region_mask', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  artifactKey: text('artifact_key').notNull(),
  /** Of the normalised pixels. */
  hash: text('hash').notNull(),
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  areaFraction: doublePrecision('area_fraction').notNull(),
  /** Of the box round the region. */
  extentWidth: integer('extent_width').notNull(),
  extentHeight: integer('extent_height').notNull(),
  createdAt: instant('created_at').notNull(),
});

export const uploads = pgTable('upload', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  purpose: text('purpose').$type<'REFERENCE' | 'MASK'>().notNull(),
  /** Of a REFERENCE, and only of one. */
  productId: uuid('product_id'),
  name: text('name'),
  /** SHA-256 of the body that completed it, hex. */
  bodyHash: text('body_hash'),
  referenceId: uuid('reference_id'),
  maskId: uuid('mask_id'),
  createdAt: instant('created_at').notNull(),
  completedAt: instant('completed_at'),
});

export type ProductRow = InferSelectModel<typeof products>;
export type DefectRow = InferSelectModel<typeof defects>;
export type GenerationRow = InferSelectModel<typeof generations>;
export type EventRow = InferSelectModel<typeof events>;
export type ArtifactRow = InferSelectModel<typeof artifacts>;
export type SampleRow = InferSelectModel<typeof samples>;
export type RejectionRow = InferSelectModel<typeof rejections>;
export type ReferenceRow = InferSelectModel<typeof references>;
export type RegionMaskRow = InferSelectModel<typeof regionMasks>;
export type UploadRow = InferSelectModel<typeof uploads>;
