import type { InferSelectModel } from 'drizzle-orm';
import { bigint, integer, pgTable, text, uuid } from '../drizzle.js';
import { timestamptz } from './timestamptz.js';

export const tenants = pgTable('tenant', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: timestamptz('created_at').notNull(),
  disabledAt: timestamptz('disabled_at'),
});

export const apiKeys = pgTable('api_key', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  /** See tenants/keyHash.ts. The key itself is stored nowhere. */
  hash: text('hash').notNull(),
  origin: text('origin').$type<'CONFIGURED' | 'GENERATED' | 'CREATED'>().notNull(),
  name: text('name').notNull().default('from before names'),
  /** The first characters, to recognize the key by. Null until a key of an older version is used. */
  prefix: text('prefix'),
  role: text('role').$type<'VIEWER' | 'OPERATOR' | 'ADMIN'>().notNull().default('ADMIN'),
  createdAt: timestamptz('created_at').notNull(),
  expiresAt: timestamptz('expires_at'),
  /** Accurate to a few minutes. */
  lastUsedAt: timestamptz('last_used_at'),
  revokedAt: timestamptz('revoked_at'),
});

/** The limits of a tenant. Null where the configured limit applies. */
export const quotas = pgTable('tenant_quota', {
  tenantId: uuid('tenant_id').primaryKey(),
  concurrentGenerations: integer('concurrent_generations'),
  pixelStepsPerDay: bigint('pixel_steps_per_day', { mode: 'number' }),
  storedBytes: bigint('stored_bytes', { mode: 'number' }),
  requestsPerMinute: integer('requests_per_minute'),
  retentionDays: integer('retention_days'),
  trainingMinutesPerDay: integer('training_minutes_per_day'),
});

export type QuotaRow = InferSelectModel<typeof quotas>;
export type TenantRow = InferSelectModel<typeof tenants>;
export type ApiKeyRow = InferSelectModel<typeof apiKeys>;
