import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
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
