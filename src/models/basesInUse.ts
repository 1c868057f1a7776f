/** A bundle of a tenant's own that something belongs to, or begins with, is not deleted. */
import { ServiceError, quote } from '../errors.js';
import { and, eq, inArray, isNotNull, isNull, or } from '../storage/drizzle.js';
import { tenantModels, trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/**
 * In the transaction that deletes a model, which has the lock of those that add one. Trainings are accepted only while they hold the row
 * of their base, so whoever deletes it sees them.
 * @param model name@version @throws ServiceError MODEL_IN_USE
 */
export async function refuseModelInUse({ database, rows }: TenantScope, model: string): Promise<void> {
  const [adapter] = await database
    .select({ name: tenantModels.name, version: tenantModels.version })
    .from(tenantModels)
    .where(rows(tenantModels, eq(tenantModels.base, model), isNull(tenantModels.deletedAt)))
    .limit(1);
  if (adapter !== undefined)
    throw inUse(model, `the adapter ${quote(`${adapter.name}@${adapter.version}`)} belongs to it; delete that one first`);
  const unfinished = inArray(trainings.status, ['QUEUED', 'RUNNING']);
  // What it made can still be published, and belongs to it.
  const undecided = and(eq(trainings.kind, 'ADAPTER'), isNotNull(trainings.archiveKey));
  const [training] = await database
    .select({ id: trainings.id })
    .from(trainings)
    .where(rows(trainings, eq(trainings.base, model), or(unfinished, undecided)))
    .limit(1);
  if (training === undefined) return;
  throw inUse(model, `the training ${quote(training.id)} begins with it; cancel or discard that one first`, {
    trainingId: training.id,
  });
}

/** In the transaction that adds an adapter of it. @throws ServiceError MODEL_INVALID */
export async function requirePresentBase({ database, rows }: TenantScope, id: string): Promise<void> {
  const [found] = await database
    .select({ id: tenantModels.id })
    .from(tenantModels)
    .where(rows(tenantModels, eq(tenantModels.id, id), isNull(tenantModels.deletedAt)));
  if (found !== undefined) return;
  const problem = 'adapter.json: /base: belongs to a model of yours that was deleted just now';
  throw new ServiceError('MODEL_INVALID', `body: ${problem}`, { field: 'body', problems: [problem] });
}

function inUse(model: string, why: string, details: object = {}): ServiceError {
  return new ServiceError('MODEL_IN_USE', `id: ${quote(model)} cannot be deleted: ${why}`, { field: 'id', ...details });
}
