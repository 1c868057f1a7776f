/** A training ends in vain if its model cannot have its name and version. So that is refused before it begins. */
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import { ServiceError, quote } from '../errors.js';
import { refuseNameOfAlias } from '../models/modelAliases.js';
import { modelsOf } from '../models/modelRepository.js';
import { and, eq, inArray, isNull, or } from '../storage/drizzle.js';
import { trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** @param models of the operator @throws ServiceError MODEL_NAME_TAKEN, MODEL_VERSION_EXISTS */
export async function requireNameFree(
  tx: TenantScope,
  models: ModelRegistry,
  { name, version }: { readonly name: string; readonly version: string },
  field: string,
): Promise<void> {
  if (models.all.some((bundle) => bundle.name === name))
    throw new ServiceError('MODEL_NAME_TAKEN', `${field}.name: ${quote(name)} is the name of a model of this service`, {
      field: `${field}.name`,
    });
  await refuseNameOfAlias(tx, name);
  // No content has this hash, so that every model of this name and version is another one.
  await modelsOf(tx).known(name, version, '');
  await refuseNameOfTraining(tx, name, version, field);
}

/** Of one that can still become a model: not finished, or finished and neither published nor discarded. */
async function refuseNameOfTraining(
  { database, rows }: TenantScope,
  name: string,
  version: string,
  field: string,
): Promise<void> {
  const undecided = and(
    eq(trainings.status, 'SUCCEEDED'),
    isNull(trainings.modelId),
    isNull(trainings.discardedAt),
    isNull(trainings.expiredAt),
  );
  const [found] = await database
    .select({ id: trainings.id })
    .from(trainings)
    .where(
      rows(
        trainings,
        eq(trainings.name, name),
        eq(trainings.version, version),
        or(inArray(trainings.status, ['QUEUED', 'RUNNING']), undecided),
      ),
    )
    .limit(1);
  if (found === undefined) return;
  throw new ServiceError(
    'MODEL_VERSION_EXISTS',
    `${field}.version: the training ${found.id} makes ${quote(`${name}@${version}`)}; cancel or discard it first, or choose another version`,
    { field: `${field}.version`, trainingId: found.id },
  );
}
