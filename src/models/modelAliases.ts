/**
 * Names such as "production" that a tenant gives to exact versions of models. A request that names an alias gets the version that it
 * stands for at that moment; its generation keeps the version, so moving the alias changes nothing that was accepted before.
 */
import type { SQL } from 'drizzle-orm';
import { ServiceError, badInput, joinNames, quote } from '../errors.js';
import type { Bundle } from '../inference/index.js';
import { takeLock } from '../storage/advisoryLocks.js';
import { asc, eq, inArray, isNull, sql } from '../storage/drizzle.js';
import type { ModelAliasRow } from '../storage/tables.js';
import { modelAliases, tenantModels } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** Of a tenant. */
export const MAX_MODEL_ALIASES = 50;

/** A model's name cannot have "@" either, which begins its version. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export interface ModelAliases {
  /** By name. */
  list(): Promise<readonly ModelAliasRow[]>;
  named(names: readonly string[]): Promise<readonly ModelAliasRow[]>;
  /** Creates the alias or moves it. @throws ServiceError BAD_USER_INPUT, MODEL_NAME_TAKEN, NOT_FOUND */
  set(alias: string, bundle: Bundle, isOwn: boolean): Promise<ModelAliasRow>;
  /** @throws ServiceError NOT_FOUND */
  delete(alias: string): Promise<ModelAliasRow>;
}

export function modelAliasesOf(scope: TenantScope): ModelAliases {
  const { database, rows } = scope;
  const select = (...conditions: SQL[]) =>
    database
      .select()
      .from(modelAliases)
      .where(rows(modelAliases, ...conditions))
      .orderBy(asc(modelAliases.alias));

  return {
    list: () => select(),
    named: (names) => (names.length === 0 ? Promise.resolve([]) : select(inArray(modelAliases.alias, [...names]))),

    set(alias, { id: model }, isOwn) {
      requireAliasName(alias);
      return scope.transaction(async (tx) => {
        // Held by uploads and deletions of models as well, so that the names and the models stay as they are found here.
        await takeLock(tx.database, 'modelUpload', tx.tenantId);
        await refuseNameOfModel(tx, alias);
        if (isOwn) await requireModel(tx, model);
        const known = await modelAliasesOf(tx).list();
        const before = known.find((row) => row.alias === alias);
        if (before?.model === model) return before;
        if (before === undefined && known.length >= MAX_MODEL_ALIASES)
          throw badInput('alias', `the tenant has ${String(known.length)} aliases, and no more are allowed; delete one first`);
        const changes = {
          model,
          previousModel: before?.model ?? null,
          updatedAt: new Date(),
          updatedBy: tx.createdBy,
        };
        const [row] = await tx.database
          .insert(modelAliases)
          .values(tx.own({ alias, ...changes }))
          .onConflictDoUpdate({ target: [modelAliases.tenantId, modelAliases.alias], set: changes })
          .returning();
        if (row === undefined) throw new Error(`alias ${alias} was not written`);
        return row;
      });
    },

    async delete(alias) {
      const [row] = await database
        .delete(modelAliases)
        .where(rows(modelAliases, eq(modelAliases.alias, alias)))
        .returning();
      if (row !== undefined) return row;
      throw new ServiceError('NOT_FOUND', `alias: you have no alias ${quote(alias)} of a model`, { field: 'alias' });
    },
  };
}

function requireAliasName(alias: string): void {
  if (NAME.test(alias)) return;
  throw badInput(
    'alias',
    `must have 1 to 64 letters, digits, dots, hyphens, or underscores, the first of them a letter or a digit, not ${quote(alias)}`,
  );
}

async function refuseNameOfModel(tx: TenantScope, alias: string): Promise<void> {
  const [found] = await tx.database
    .select({ version: tenantModels.version })
    .from(tenantModels)
    .where(tx.rows(tenantModels, eq(tenantModels.name, alias), isNull(tenantModels.deletedAt)))
    .limit(1);
  if (found === undefined) return;
  throw new ServiceError('MODEL_NAME_TAKEN', `alias: you have a model ${quote(alias)}; choose another name`, {
    field: 'alias',
  });
}

/** It may have been deleted since it was found. */
async function requireModel(tx: TenantScope, model: string): Promise<void> {
  const fullName = sql`${tenantModels.name} || '@' || ${tenantModels.version}`;
  const [found] = await tx.database
    .select({ id: tenantModels.id })
    .from(tenantModels)
    .where(tx.rows(tenantModels, eq(fullName, model), isNull(tenantModels.deletedAt)));
  if (found !== undefined) return;
  throw new ServiceError('NOT_FOUND', `model: you have no model ${quote(model)}`, { field: 'model' });
}

/** In the transaction that adds a model of this name. */
export async function refuseNameOfAlias(tx: TenantScope, name: string): Promise<void> {
  const [found] = await modelAliasesOf(tx).named([name]);
  if (found === undefined) return;
  throw new ServiceError(
    'MODEL_NAME_TAKEN',
    `name: ${quote(name)} is an alias of ${found.model}; export the model with another name, or delete the alias`,
    { field: 'name' },
  );
}

/** In the transaction that deletes a model. @param model name@version */
export async function refuseTargetOfAlias(tx: TenantScope, model: string): Promise<void> {
  const aliases = (await modelAliasesOf(tx).list()).filter((row) => row.model === model).map(({ alias }) => alias);
  if (aliases.length === 0) return;
  throw new ServiceError(
    'MODEL_HAS_ALIAS',
    `id: ${joinNames(aliases)} stands for ${quote(model)}; move the alias with setModelAlias or delete it first`,
    { field: 'id', aliases },
  );
}
