/** The models that one tenant sees: the operator's, and its own. */
import type { ModelRegistry, OwnModel } from '../catalog/modelRegistry.js';
import { withOwnModels } from '../catalog/modelRegistry.js';
import type { Bundle } from '../inference/index.js';
import type { ModelAliasRow } from '../storage/tables.js';
import { isStorable } from '../storage/storableText.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { modelAliasesOf } from './modelAliases.js';
import type { ListedModel } from './modelRepository.js';
import { listedBundle, modelsOf, ownBundle, ownModelOf } from './modelRepository.js';

/** All of them. */
export async function allModels(scope: TenantScope, operators: ModelRegistry): Promise<ModelRegistry> {
  const rows = await modelsOf(scope).list();
  return registryOf({ operators, rows, ids: rows.map(fullName), aliases: await modelAliasesOf(scope).list(), bases: rows });
}

/** With those of the tenant that have these names or aliases. The database is asked only for names that are not the operator's. */
export async function modelsNamed(
  scope: TenantScope,
  operators: ModelRegistry,
  names: readonly (string | null | undefined)[],
): Promise<ModelRegistry> {
  const own = [...new Set(names)].filter((name) => name != null).filter((name) => !operators.has(name));
  if (own.length === 0) return operators;
  const asked = own.filter(isStorable); // no model has another name
  const aliases = await modelAliasesOf(scope).named(asked);
  const rows = await modelsOf(scope).named([...asked, ...aliases.map(({ model }) => model)]);
  const isKnown = (name: string): boolean =>
    operators.has(name) || rows.some((row) => row.name === name || fullName(row) === name);
  const unknown = own.some((name) => !isKnown(aliases.find(({ alias }) => alias === name)?.model ?? name));
  const ids = unknown ? await modelsOf(scope).ids() : rows.map(fullName);
  const missing = rows.map(({ base }) => base).filter((base) => base !== null && !isKnown(base));
  const bases = missing.length === 0 ? rows : [...rows, ...(await modelsOf(scope).named(missing as string[]))];
  return registryOf({ operators, rows, ids, aliases, bases });
}

interface Found {
  readonly operators: ModelRegistry;
  readonly rows: readonly ListedModel[];
  readonly ids: readonly string[];
  readonly aliases: readonly ModelAliasRow[];
  /** What adapters among the rows may belong to, beside the operator's bundles. */
  readonly bases: readonly ListedModel[];
}

function registryOf({ operators, rows, ids, aliases, bases }: Found): ModelRegistry {
  const own = new Map<Bundle, OwnModel>();
  const bundles = bases.filter(({ base }) => base === null).map((row) => ownBundle(row, ''));
  for (const row of rows) {
    // Its bundle was uninstalled, or the operator has a model of this name now.
    const bundle = operators.has(row.name) ? undefined : listedBundle(row, [...operators.all, ...bundles]);
    if (bundle !== undefined) own.set(bundle, ownModelOf(row));
  }
  return withOwnModels(operators, own, ids, new Map(aliases.map(({ alias, model }) => [alias, model])));
}

const fullName = ({ name, version }: ListedModel): string => `${name}@${version}`;
