/**
 * Deletes samples with their files, all or none. What still needs a sample keeps it: its own generation until it ends, a
 * generation that draws on it or takes its defect, an export that has not ended, and a data set until it is deleted. Samples
 * that were drawn on it stay, with what they show of it.
 */
import { scheduleRemoval } from '../../artifacts/pendingFiles.js';
import { ServiceError, quote } from '../../errors.js';
import { outOfRange } from '../../range.js';
import { requireEachOnce } from '../../requireEachOnce.js';
import { lockAdmissionsOfSamples } from '../../storage/advisoryLocks.js';
import { and, eq, inArray, sql } from '../../storage/drizzle.js';
import { isId } from '../../storage/identifiers.js';
import type { SampleRow } from '../../storage/tables.js';
import { artifacts, dataSetMembers, exportSamples, exports, generations, samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { keepSources } from './keepSources.js';

const MAX_DELETED = 200;
const UNFINISHED = ['QUEUED', 'RUNNING'] as const;

/** In the order of the ids. */
export async function deleteSamples(scope: TenantScope, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length > MAX_DELETED) {
    const message = `${String(ids.length)} ids are more than ${String(MAX_DELETED)}`;
    throw outOfRange('ids', message, { min: 0, max: MAX_DELETED, value: ids.length });
  }
  requireEachOnce(ids, (i) => `ids[${String(i)}]`);
  if (ids.length === 0) return [];
  await scope.transaction(async (tx) => {
    await lockAdmissionsOfSamples(tx.database);
    const found = await lockSamples(tx, ids);
    for (const find of [ownGeneration, drawingGeneration, runningExport, dataSet]) {
      const user = await find(tx, ids);
      if (user !== undefined) throw inUse(user, ids);
    }
    const { database, rows } = tx;
    await keepSources(tx, ids);
    await database.delete(samples).where(rows(samples, inArray(samples.id, ids)));
    const keys = found.flatMap(filesOf);
    await database.delete(artifacts).where(rows(artifacts, inArray(artifacts.key, keys)));
    await scheduleRemoval(tx, keys);
  });
  return ids;
}

function filesOf(row: SampleRow): string[] {
  const { imageKey, maskKey, overlayKey, regionKey, twinKey, ignoreKey } = row;
  return [imageKey, maskKey, overlayKey, regionKey, twinKey, ignoreKey].filter((key) => key !== null);
}

/** In the order of their ids, so that two callers cannot wait for each other. */
async function lockSamples({ database, rows }: TenantScope, ids: readonly string[]): Promise<readonly SampleRow[]> {
  const found = await database
    .select()
    .from(samples)
    .where(rows(samples, inArray(samples.id, ids.filter(isId))))
    .orderBy(samples.id)
    .for('update');
  const missing = ids.findIndex((id) => !found.some((row) => row.id === id));
  if (missing < 0) return found;
  const field = `ids[${String(missing)}]`;
  throw new ServiceError('NOT_FOUND', `${field}: there is no sample ${quote(ids[missing])}`, { field });
}

interface User {
  readonly sampleId: string;
  readonly kind: 'generation' | 'export' | 'dataSet';
  readonly id: string;
  readonly does: string;
}

async function ownGeneration({ database, rows }: TenantScope, ids: readonly string[]): Promise<User | undefined> {
  const [found] = await database
    .select({ sampleId: samples.id, id: generations.id })
    .from(samples)
    .innerJoin(generations, eq(generations.id, samples.generationId))
    .where(rows(samples, and(inArray(samples.id, [...ids]), inArray(generations.status, [...UNFINISHED]))))
    .limit(1);
  return found === undefined ? undefined : { ...found, kind: 'generation', does: 'is not finished' };
}

async function drawingGeneration({ database, rows }: TenantScope, ids: readonly string[]): Promise<User | undefined> {
  const base = sql<string | null>`${generations.settings} -> 'photograph' ->> 'baseSample'`;
  const donor = sql<string | null>`${generations.settings} -> 'photograph' -> 'transplant' ->> 'donorSample'`;
  const [found] = await database
    .select({ id: generations.id, base, donor })
    .from(generations)
    .where(
      rows(
        generations,
        inArray(generations.status, [...UNFINISHED]),
        sql`(${inArray(base, [...ids])} or ${inArray(donor, [...ids])})`,
      ),
    )
    .limit(1);
  if (found === undefined) return undefined;
  const sampleId = found.base !== null && ids.includes(found.base) ? found.base : (found.donor ?? '');
  return { sampleId, id: found.id, kind: 'generation', does: 'uses it and is not finished' };
}

async function runningExport({ database, rows }: TenantScope, ids: readonly string[]): Promise<User | undefined> {
  const [found] = await database
    .select({ sampleId: exportSamples.sampleId, id: exports.id })
    .from(exportSamples)
    .innerJoin(exports, eq(exports.id, exportSamples.exportId))
    .where(
      rows(exportSamples, and(inArray(exportSamples.sampleId, [...ids]), inArray(exports.status, [...UNFINISHED]))),
    )
    .limit(1);
  return found === undefined ? undefined : { ...found, kind: 'export', does: 'contains it and is not finished' };
}

async function dataSet({ database, rows }: TenantScope, ids: readonly string[]): Promise<User | undefined> {
  const [found] = await database
    .select({ sampleId: dataSetMembers.sampleId, id: dataSetMembers.dataSetId })
    .from(dataSetMembers)
    .where(rows(dataSetMembers, inArray(dataSetMembers.sampleId, [...ids])))
    .limit(1);
  if (found === undefined) return undefined;
  return { sampleId: found.sampleId ?? '', id: found.id, kind: 'dataSet', does: 'contains it; delete that first' };
}

const WORDS = { generation: 'generation', export: 'export', dataSet: 'data set' } as const;

function inUse({ sampleId, kind, id, does }: User, ids: readonly string[]): ServiceError {
  const field = `ids[${String(ids.indexOf(sampleId))}]`;
  const message = `${field}: the sample ${quote(sampleId)} cannot be deleted now: the ${WORDS[kind]} ${quote(id)} ${does}`;
  return new ServiceError('SAMPLE_IN_USE', message, { field, [`${kind}Id`]: id });
}
