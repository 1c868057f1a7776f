import type { InferSelectModel } from 'drizzle-orm';
import { jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { instant } from './instant.js';

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

export type ProductRow = InferSelectModel<typeof products>;
export type DefectRow = InferSelectModel<typeof defects>;
