import type { InferSelectModel } from 'drizzle-orm';
import { bigint, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { instant } from './instant.js';

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

/** What a tenant may use; null where the configuration's own bound holds. */
export const quotas = pgTable('tenant_quota', {
  tenantId: uuid('tenant_id').primaryKey(),
  concurrentGenerations: integer('concurrent_generations'),
  pixelStepsPerDay: bigint('pixel_steps_per_day', { mode: 'number' }),
  storedBytes: bigint('stored_bytes', { mode: 'number' }),
  requestsPerMinute: integer('requests_per_minute'),
  retentionDays: integer('retention_days'),
});

export type QuotaRow = InferSelectModel<typeof quotas>;
