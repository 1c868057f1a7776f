import type { InferSelectModel } from 'drizzle-orm';
import type { AdapterManifest, Manifest } from '../../inference/index.js';
import { integer, jsonb, pgTable, primaryKey, text, uuid } from '../drizzle.js';
import { timestamptz } from './timestamptz.js';

/** What a worker found when it drew with a tenant's bundle for the first time. */
export type ModelTrial = { readonly bytes: number } | { readonly problem: string };

/** adapter.json without its phrases, which only a worker needs, or bundle.json. */
export type StoredManifest = Omit<AdapterManifest, 'phrases'> | Manifest;

/** The adapters and bundles that tenants uploaded or trained. A name and version stands for one content, even after it was deleted. */
export const tenantModels = pgTable('tenant_model', {
  id: uuid('id').primaryKey(),
  tenantId: uuid('tenant_id').notNull(),
  name: text('name').notNull(),
  version: text('version').notNull(),
  /** The bundle that an adapter belongs to, name@version. Null for a bundle. */
  base: text('base'),
  /** Its name, version and licence once the file was removed. */
  manifest: jsonb('manifest').$type<StoredManifest>().notNull(),
  /** Of an adapter. Empty once the file was removed. */
  phrases: jsonb('phrases').$type<AdapterManifest['phrases']>().notNull(),
  /** SHA-256 of adapter.json and the graph, or of bundle.json, which names that of each file. In hexadecimal. */
  contentHash: text('content_hash').notNull(),
  /** The graph in the artifact store, or a zip of the bundle. Null once it was removed after a deletion. */
  graphKey: text('graph_key'),
  /** Of adapter.json and the graph, or of the zip. */
  bytes: integer('bytes').notNull(),
  /** Null for an adapter, and for a bundle that was not drawn with yet. */
  trial: jsonb('trial').$type<ModelTrial>(),
  createdAt: timestamptz('created_at').notNull(),
  createdBy: text('created_by'),
  deletedAt: timestamptz('deleted_at'),
});

/** Names that a tenant gives to exact versions, its own or the operator's, and can move. */
export const modelAliases = pgTable(
  'model_alias',
  {
    tenantId: uuid('tenant_id').notNull(),
    alias: text('alias').notNull(),
    /** name@version. */
    model: text('model').notNull(),
    /** What it stood for before it was moved. Null if it never was. */
    previousModel: text('previous_model'),
    updatedAt: timestamptz('updated_at').notNull(),
    updatedBy: text('updated_by'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.alias] })],
);

export type ModelAliasRow = InferSelectModel<typeof modelAliases>;
export type TenantModelRow = InferSelectModel<typeof tenantModels>;
