import { pgTable, text, uuid } from '../drizzle.js';
import { timestamptz } from './timestamptz.js';

export const consoleSessions = pgTable('console_session', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  /** Of the value of the cookie, which is stored nowhere. */
  hash: text('hash').notNull(),
  /** Null for a session from an identity provider. */
  keyId: uuid('key_id'),
  subject: text('subject').notNull(),
  /** Of the key or the person, to show. */
  name: text('name').notNull(),
  role: text('role').$type<'VIEWER' | 'OPERATOR' | 'ADMIN'>().notNull(),
  createdAt: timestamptz('created_at').notNull(),
  expiresAt: timestamptz('expires_at').notNull(),
});
