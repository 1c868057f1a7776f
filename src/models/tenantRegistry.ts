/** The models that one tenant sees: the operator's, and its own. */
import type { ModelRegistry, OwnModel } from '../catalog/modelRegistry.js';
import { withOwnModels } from '../catalog/modelRegistry.js';
import type { Bundle } from '../inference/index.js';
import type { ModelAliasRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { modelAliasesOf } from './modelAliases.js';
import type { ListedModel } from './modelRepository.js';
import { listedBundle, modelsOf, ownModelOf } from './modelRepository.js';

/** All of them. */
export async function allModels(scope: TenantScope, operators: ModelRegistry): Promise<ModelRegistry> {
  const rows = await modelsOf(scope).list();
  return registryOf(operators, rows, rows.map(fullName), await modelAliasesOf(scope).list());
}

/** With those of the tenant that have these names or aliases. The database is asked only for names that are not the operator's. */
export async function modelsNamed(
  scope: TenantScope,
  operators: ModelRegistry,
  names: readonly (string | null | undefined)[],
): Promise<ModelRegistry> {
  const own = [...new Set(names)].filter((name) => name != null).filter((name) => !operators.has(name));
  if (own.length === 0) return operators;
  const aliases = await modelAliasesOf(scope).named(own);
  const rows = await modelsOf(scope).named([...own, ...aliases.map(({ model }) => model)]);
  const isKnown = (name: string): boolean =>
    operators.has(name) || rows.some((row) => row.name === name || fullName(row) === name);
  const unknown = own.some((name) => !isKnown(aliases.find(({ alias }) => alias === name)?.model ?? name));
  return registryOf(operators, rows, unknown ? await modelsOf(scope).ids() : rows.map(fullName), aliases);
}

function registryOf(
  operators: ModelRegistry,
  rows: readonly ListedModel[],
  ids: readonly string[],
  aliases: readonly ModelAliasRow[],
): ModelRegistry {
  const own = new Map<Bundle, OwnModel>();
  for (const row of rows) {
    // Its bundle was uninstalled, or the operator has a model of this name now.
    const bundle = operators.has(row.name) ? undefined : listedBundle(row, operators.all);
    if (bundle !== undefined) own.set(bundle, ownModelOf(row));
  }
  return withOwnModels(operators, own, ids, new Map(aliases.map(({ alias, model }) => [alias, model])));
}

const fullName = ({ name, version }: ListedModel): string => `${name}@${version}`;
