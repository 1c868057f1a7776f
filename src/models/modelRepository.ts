/** A tenant's own models: adapters and bundles that it uploaded or trained. */
import type { SQL } from 'drizzle-orm';
import { clearPending } from '../artifacts/pendingFiles.js';
import type { OwnModel } from '../catalog/modelRegistry.js';
import { ServiceError, quote } from '../errors.js';
import type { AdapterManifest, Bundle, Manifest } from '../inference/index.js';
import { adapterBundle, baseOfAdapter } from '../inference/index.js';
import { takeLock } from '../storage/advisoryLocks.js';
import { and, asc, count, eq, inArray, isNull, or, sql } from '../storage/drizzle.js';
import { newId } from '../storage/identifiers.js';
import type { ModelTrial, StoredManifest, TenantModelRow } from '../storage/tables.js';
import { tenantModels } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { refuseNameOfAlias, refuseTargetOfAlias } from './modelAliases.js';
import { refuseModelInUse, requirePresentBase } from './basesInUse.js';

/** Without its phrases, which can have megabytes. */
export interface ListedModel extends Omit<TenantModelRow, 'phrases'> {
  /** Whether a training of the tenant made it. */
  readonly isTrained: boolean;
}

export interface NewModel {
  readonly manifest: StoredManifest;
  /** Of an adapter. */
  readonly phrases: AdapterManifest['phrases'];
  /** SHA-256, in hexadecimal. */
  readonly contentHash: string;
  /** Null for a bundle. */
  readonly base: string | null;
  /** The row of the base, if that is a model of the tenant's own. */
  readonly ownBase: string | null;
  /** Of all its files. */
  readonly bytes: number;
}

export interface Models {
  /** Those that are not deleted. */
  list(): Promise<readonly ListedModel[]>;
  /** Those that are not deleted and have one of these names, with or without a version. */
  named(names: readonly string[]): Promise<readonly ListedModel[]>;
  /** With this name@version; also a deleted one, whose adapters may still be drawn. */
  byName(model: string): Promise<ListedModel | undefined>;
  /** name@version of all that are not deleted. */
  ids(): Promise<readonly string[]>;
  /** Also deleted ones, for what was drawn with them. */
  byId(id: string): Promise<ListedModel | undefined>;
  /** With its phrases; also deleted ones, because queued generations are still drawn. */
  whole(id: string): Promise<TenantModelRow | undefined>;
  /**
   * The model with this content, or undefined if there is none yet. A deleted one has no file, or not for long.
   * @throws ServiceError MODEL_VERSION_EXISTS
   */
  known(name: string, version: string, contentHash: string): Promise<ListedModel | undefined>;
  /** Runs in a transaction. Inserts it, or restores the deleted one with this content. @throws ServiceError */
  insert(model: NewModel, graphKey: string, most: number): Promise<string>;
  /** What a worker found of a bundle. */
  recordTrial(id: string, trial: ModelTrial): Promise<void>;
  /** A model that is already deleted is not found. @param model name@version @throws ServiceError NOT_FOUND, MODEL_HAS_ALIAS, MODEL_IN_USE */
  delete(model: string): Promise<ListedModel>;
}

const LISTED = {
  id: tenantModels.id,
  tenantId: tenantModels.tenantId,
  name: tenantModels.name,
  version: tenantModels.version,
  base: tenantModels.base,
  manifest: tenantModels.manifest,
  contentHash: tenantModels.contentHash,
  graphKey: tenantModels.graphKey,
  bytes: tenantModels.bytes,
  trial: tenantModels.trial,
  createdAt: tenantModels.createdAt,
  createdBy: tenantModels.createdBy,
  deletedAt: tenantModels.deletedAt,
  // With the names of the tables: drizzle leaves them out where a statement has one.
  isTrained: sql<boolean>`exists (
    select from training t where t.tenant_id = tenant_model.tenant_id and t.model_id = tenant_model.id)`,
};

/** A deleted model keeps its row, because samples may name it. So many are kept for each that a tenant may have at a time. */
const ROWS_PER_MODEL = 50;

const present = isNull(tenantModels.deletedAt);
export const fullName = sql<string>`${tenantModels.name} || '@' || ${tenantModels.version}`;

export function modelsOf(scope: TenantScope): Models {
  const { database, rows, own } = scope;
  const select = (...conditions: SQL[]) =>
    database
      .select(LISTED)
      .from(tenantModels)
      .where(rows(tenantModels, ...conditions))
      .orderBy(asc(tenantModels.id));

  async function known(name: string, version: string, contentHash: string): Promise<ListedModel | undefined> {
    const [row] = await select(eq(tenantModels.name, name), eq(tenantModels.version, version));
    if (row === undefined || row.contentHash === contentHash) return row;
    throw new ServiceError(
      'MODEL_VERSION_EXISTS',
      `version: there ${row.deletedAt === null ? 'is' : 'was'} another model ${name}@${version}, which samples may name; ` +
        'export this one with another version',
      { field: 'version' },
    );
  }

  /** Deleted models have rows too, of which only a new one needs another. */
  async function requireRoom(most: number, isNew: boolean): Promise<void> {
    const [found] = await database
      .select({ all: count(), there: sql<number>`count(*) filter (where ${present})`.mapWith(Number) })
      .from(tenantModels)
      .where(rows(tenantModels));
    const { all, there } = found ?? { all: 0, there: 0 };
    if (there >= most)
      throw new ServiceError(
        'TOO_MANY_MODELS',
        `body: the tenant has ${String(there)} models, and ${String(most)} are allowed; delete one with deleteModel first`,
        { field: 'body', limit: most },
      );
    const limit = most * ROWS_PER_MODEL;
    if (isNew && all >= limit)
      throw new ServiceError(
        'TOO_MANY_MODELS',
        `body: the tenant has had ${String(all)} models, and ${String(limit)} are allowed, deleted ones included, because samples may name them; ` +
          'upload one of them again, or ask the operator to raise MAX_MODELS_PER_TENANT',
        { field: 'body', limit },
      );
  }

  return {
    list: () => select(present),
    named: (names) =>
      select(present, or(inArray(tenantModels.name, [...names]), inArray(fullName, [...names])) as SQL),
    ids: async () => {
      const found = await database.select({ id: fullName }).from(tenantModels).where(rows(tenantModels, present));
      return found.map(({ id }) => id).sort();
    },
    byName: async (model) => (await select(eq(fullName, model))).at(0),
    byId: async (id) => (await select(eq(tenantModels.id, id))).at(0),
    whole: async (id) =>
      (
        await database
          .select()
          .from(tenantModels)
          .where(rows(tenantModels, eq(tenantModels.id, id)))
      ).at(0),
    known,

    async insert({ manifest, phrases, contentHash, base, ownBase, bytes }, graphKey, most) {
      await takeLock(database, 'modelUpload', scope.tenantId);
      const { name, version } = manifest;
      await refuseNameOfAlias(scope, name);
      if (ownBase !== null) await requirePresentBase(scope, ownBase);
      // Whoever removes the file of a deleted one is waited for, and then seen to have removed it.
      await database
        .select({ id: tenantModels.id })
        .from(tenantModels)
        .where(rows(tenantModels, eq(tenantModels.name, name), eq(tenantModels.version, version)))
        .for('update');
      const row = await known(name, version, contentHash);
      if (row !== undefined && row.deletedAt === null) return row.id;
      await requireRoom(most, row === undefined);
      // The file of one that was deleted just now is there still, and may be read now.
      const restored = row?.graphKey ?? graphKey;
      if (restored === graphKey) await clearPending(scope, [graphKey]);
      if (row !== undefined) {
        await database
          .update(tenantModels)
          // What was removed with the file is the same again: the content is.
          .set({ deletedAt: null, graphKey: restored, manifest, phrases, bytes })
          .where(rows(tenantModels, eq(tenantModels.id, row.id)));
        return row.id;
      }
      const id = newId();
      const values = { id, name, version, base, manifest, phrases, contentHash, graphKey, bytes };
      await database.insert(tenantModels).values(own({ ...values, createdAt: new Date(), createdBy: scope.createdBy }));
      return id;
    },

    async recordTrial(id, trial) {
      await database
        .update(tenantModels)
        .set({ trial })
        .where(rows(tenantModels, eq(tenantModels.id, id)));
    },

    async delete(model) {
      const [row] = await scope.transaction(async (tx) => {
        await takeLock(tx.database, 'modelUpload', tx.tenantId);
        await refuseTargetOfAlias(tx, model);
        const deleted = await tx.database
          .update(tenantModels)
          .set({ deletedAt: new Date() })
          .where(rows(tenantModels, and(present, eq(fullName, model))))
          .returning(LISTED);
        // After it, so that a training that holds the row meanwhile is seen.
        await refuseModelInUse(tx, model);
        return deleted;
      });
      if (row !== undefined) return row;
      throw new ServiceError('NOT_FOUND', `id: you have no model ${quote(model)}`, { field: 'id' });
    },
  };
}

/** Its bundle, without a folder and without phrases; undefined if the bundle that it belongs to is not there any more. */
export function listedBundle(row: ListedModel, bases: readonly Bundle[]): Bundle | undefined {
  if (row.base === null) return ownBundle(row, '');
  const manifest = adapterManifest(row, {});
  const base = baseOfAdapter(manifest, bases);
  return base && adapterBundle(manifest, base, '');
}

/** A row with a base has the manifest of an adapter. */
export function adapterManifest({ manifest }: Pick<ListedModel, 'manifest'>, phrases: AdapterManifest['phrases']): AdapterManifest {
  return { ...(manifest as Omit<AdapterManifest, 'phrases'>), phrases };
}

/** A row without a base is a bundle. @param directory the folder of its files, absolute */
export function ownBundle({ name, version, manifest }: Pick<ListedModel, 'name' | 'version' | 'manifest'>, directory: string): Bundle {
  return { id: `${name}@${version}`, name, version, directory, manifest: manifest as Manifest };
}

export function ownModelOf({ id, base, isTrained, createdAt }: ListedModel): OwnModel {
  return { id, base, isTrained, createdAt };
}
