import type { InferSelectModel } from 'drizzle-orm';
import { jsonb, pgTable, primaryKey, sql, text, uuid } from '../drizzle.js';
import { timestamptz } from './timestamptz.js';

export const products = pgTable('product', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  partNumber: text('part_number').notNull(),
  name: text('name').notNull(),
  promptName: text('prompt_name').notNull(),
  attributes: jsonb('attributes').$type<Record<string, unknown>>(),
  createdAt: timestamptz('created_at').notNull(),
  /** As given in the last import. Null if the prompt name is derived from the name. */
  givenPromptName: text('given_prompt_name'),
  archivedAt: timestamptz('archived_at'),
  /** Where defects may lie on its photographs. */
  allowedMaskId: uuid('allowed_mask_id'),
  updatedAt: timestamptz('updated_at')
    .notNull()
    .default(sql`now()`),
});

export const defects = pgTable('defect', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  code: text('code').notNull(),
  name: text('name').notNull(),
  promptName: text('prompt_name').notNull(),
  createdAt: timestamptz('created_at').notNull(),
  /** As given in the last import. Null if the prompt name is derived from the name. */
  givenPromptName: text('given_prompt_name'),
  archivedAt: timestamptz('archived_at'),
  updatedAt: timestamptz('updated_at')
    .notNull()
    .default(sql`now()`),
});

export const aliases = pgTable(
  'alias',
  {
    tenantId: uuid('tenant_id').notNull(),
    kind: text('kind').$type<'PRODUCT' | 'DEFECT'>().notNull(),
    /** The normalized alias, which look-ups compare; see catalog/normalizeName.ts. */
    key: text('key').notNull(),
    alias: text('alias').notNull(),
    promptName: text('prompt_name').notNull(),
    updatedAt: timestamptz('updated_at').notNull(),
    /** Whose code it is, such as "ISO 6520-1". */
    scheme: text('scheme'),
    externalCode: text('external_code'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.kind, table.key] })],
);

export type AliasRow = InferSelectModel<typeof aliases>;
export type ProductRow = InferSelectModel<typeof products>;
export type DefectRow = InferSelectModel<typeof defects>;
