/** The bundle that a training begins with. */
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import { ServiceError, badInput, quote } from '../errors.js';
import type { Bundle } from '../inference/index.js';
import { modelsNamed } from '../models/tenantRegistry.js';
import { eq, isNull } from '../storage/drizzle.js';
import { tenantModels } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/**
 * A bundle of the operator, or one that a training of the tenant made: an adapter of an adapter would not be one, and an uploaded bundle
 * says itself how large a network the training package builds. One of the tenant's own stays for as long as the transaction lasts.
 * @param operators models of the operator
 * @param name a model or an alias; the default by default
 * @throws ServiceError UNKNOWN_MODEL, BAD_USER_INPUT
 */
export async function requireBase(
  tx: TenantScope,
  operators: ModelRegistry,
  name: string | null | undefined,
  field: string,
): Promise<Bundle> {
  const models = await modelsNamed(tx, operators, [name]);
  const bundle = found(models, name, field);
  if (bundle.adapter !== undefined)
    throw badInput(field, `${quote(bundle.id)} is an adapter of ${quote(bundle.adapter.base)}; name that one`);
  const own = models.ownModel(bundle);
  if (own === undefined) return bundle;
  if (!own.isTrained)
    throw badInput(
      field,
      `${quote(bundle.id)} was uploaded; a training begins with a model of the service, or with a bundle that one of your trainings made`,
    );
  await keep(tx, own.id, bundle.id, field);
  return bundle;
}

function found(models: ModelRegistry, name: string | null | undefined, field: string): Bundle {
  try {
    return models.find(name);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { code, message, extensions } = error;
    throw new ServiceError(code, `${field}: ${message}`, { ...extensions, field });
  }
}

/** Nobody deletes it before the training is there to be seen. */
async function keep({ database, rows }: TenantScope, id: string, name: string, field: string): Promise<void> {
  const kept = await database
    .select({ id: tenantModels.id })
    .from(tenantModels)
    .where(rows(tenantModels, eq(tenantModels.id, id), isNull(tenantModels.deletedAt)))
    .for('share');
  if (kept.length === 0)
    throw new ServiceError('UNKNOWN_MODEL', `${field}: ${quote(name)} was deleted just now`, { field });
}
