/**
 * Makes the next version of a data set from photographs and samples that the tenant has. Samples are for learning only,
 * and so is every photograph that one of them shows.
 */
import { catalogOf } from '../catalog/catalog.js';
import { unknownProduct } from '../catalog/catalogErrors.js';
import type { Limits } from '../config.js';
import { ServiceError, badInput, quote } from '../errors.js';
import type { SampleConditions } from '../generations/samples/sampleConditions.js';
import { canMatch, matchingSamples } from '../generations/samples/sampleConditions.js';
import { admitOnce, admittedBefore, inputHash } from '../queue/idempotentAdmission.js';
import { outOfRange } from '../range.js';
import { and, gt } from '../storage/drizzle.js';
import { isId } from '../storage/identifiers.js';
import { listedIds } from '../storage/listedIds.js';
import type { MeasuringContext } from '../references/olderPhotographs.js';
import { measureOlderPhotographs } from '../references/olderPhotographs.js';
import type { DataSetRow } from '../storage/tables.js';
import { dataSets, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Candidate, PhotographRow, SampleCandidate } from './candidates.js';
import {
  photographCandidate,
  photographsOfProducts,
  photographsWith,
  samplesWith,
  sourcesOfSamples,
} from './candidates.js';
import type { DataSetInput, DataSetRequest } from './dataSetInput.js';
import { resolveDataSet } from './dataSetInput.js';
import { divide } from './divide.js';
import { insertVersion } from './insertVersion.js';

export interface DataSetContext extends MeasuringContext {
  readonly limits: DataSetLimits;
}

type DataSetLimits = Pick<Limits, 'dataSetsPerTenant' | 'membersPerDataSet'>;

/**
 * @param conditions of `input.acceptedSamples`; undefined for none
 * @throws ServiceError BAD_USER_INPUT, NOT_FOUND, UNKNOWN_PRODUCT, IDEMPOTENCY_CONFLICT, TOO_MANY_DATA_SETS
 */
export async function createDataSet(
  tenant: TenantScope,
  { limits: { dataSetsPerTenant, membersPerDataSet: most }, ...measuring }: DataSetContext,
  input: DataSetInput,
  conditions: SampleConditions | undefined,
): Promise<DataSetRow> {
  const request = resolveDataSet(input, most);
  const hash = inputHash(input);
  const [known] = (await admittedBefore<DataSetRow>(tenant, dataSets, [{ key: input.idempotencyKey, hash }])) ?? [];
  if (known !== undefined) return known;
  await measureOlderPhotographs(tenant, measuring, await namedPhotographs(tenant, request, most));
  const insert = async (tx: TenantScope): Promise<readonly DataSetRow[]> => {
    const photographs = await findPhotographs(tx, request, most);
    const drawn = await findSamples(tx, request.sampleIds, conditions, most);
    const all: readonly Candidate[] = [...photographs, ...drawn];
    if (all.length === 0)
      throw badInput('input', 'names no photograph and no sample, so that the data set would be empty');
    if (all.length > most) throw tooMany(all.length, most);
    const pinned = await sourcesOfSamples(tx, listedIds(drawn.map(({ sampleId }) => sampleId)));
    const { division, name } = request;
    const version = {
      name,
      chosenBy: 'testShare' in division ? division : null,
      members: divide(all, division, pinned),
      idempotencyKey: input.idempotencyKey ?? null,
      inputHash: hash,
      createdBy: tx.createdBy,
    };
    return [await insertVersion(tx, version, dataSetsPerTenant, 'input')];
  };
  const admission = {
    noun: 'dataSet',
    table: dataSets,
    lock: 'dataSetAdmission',
    isSharedLock: false,
    insert,
  } as const;
  const [row] = await admitOnce<DataSetInput, DataSetRow>(tenant, admission, [{ input, field: 'input', hash }]);
  return row as DataSetRow;
}

/** The ids of all photographs that the request names. Throws `ServiceError` UNKNOWN_PRODUCT, and for too many. */
async function namedPhotographs(
  tx: TenantScope,
  { partNumbers, referenceIds }: DataSetRequest,
  most: number,
): Promise<readonly string[]> {
  const catalog = catalogOf(tx);
  const products = await catalog.productsByPartNumber(partNumbers);
  for (const [i, partNumber] of partNumbers.entries())
    if (!products.some((product) => product.partNumber === partNumber))
      throw await unknownProduct(catalog, partNumber, `input.partNumbers[${String(i)}]`);
  const ofProducts = await photographsOfProducts(
    tx,
    products.map(({ id }) => id),
    most + 1,
  );
  if (ofProducts.length > most) throw tooMany(ofProducts.length, most);
  return [...new Set([...referenceIds.filter(isId), ...ofProducts])];
}

async function findPhotographs(tx: TenantScope, request: DataSetRequest, most: number): Promise<readonly Candidate[]> {
  const { referenceIds } = request;
  const found = await photographsWith(tx, await namedPhotographs(tx, request, most));
  const byId = new Map(found.map((row) => [row.reference.id, row]));
  for (const [i, id] of referenceIds.entries()) requireUsable(byId.get(id), id, `input.referenceIds[${String(i)}]`);
  return found.map(photographCandidate);
}

function requireUsable(row: PhotographRow | undefined, id: string, field: string): void {
  if (row === undefined) throw new ServiceError('NOT_FOUND', `${field}: there is no reference ${quote(id)}`, { field });
  if (row.reference.archivedAt !== null) throw badInput(field, 'is archived; upload the image again to restore it');
}

async function findSamples(
  tx: TenantScope,
  named: readonly string[],
  conditions: SampleConditions | undefined,
  most: number,
): Promise<readonly SampleCandidate[]> {
  const accepted = conditions === undefined ? [] : await acceptedSamples(tx, conditions, most + 1);
  const found = await samplesWith(tx, [...new Set([...named.filter(isId), ...accepted])]);
  const byId = new Map(found.map((row) => [row.sampleId, row]));
  for (const [i, id] of named.entries()) {
    const field = `input.sampleIds[${String(i)}]`;
    const row = byId.get(id);
    if (row === undefined) throw new ServiceError('NOT_FOUND', `${field}: there is no sample ${quote(id)}`, { field });
    if (row.hasEmptyMask)
      throw badInput(field, `the mask of the sample ${quote(id)} is empty, so that it shows no defect`);
  }
  return found;
}

/** The ids of those that match and that a person accepted. At most `limit`. */
async function acceptedSamples(
  scope: TenantScope,
  conditions: SampleConditions,
  limit: number,
): Promise<readonly string[]> {
  const wanted = conditions.reviewStates ?? ['ACCEPTED'];
  if (!canMatch(conditions) || !wanted.includes('ACCEPTED')) return [];
  const matching = matchingSamples(scope, { ...conditions, reviewStates: ['ACCEPTED'] });
  const found = await scope.database
    .select({ id: samples.id })
    .from(samples)
    .where(scope.rows(samples, and(gt(samples.areaFraction, 0), ...matching)))
    .limit(limit);
  return found.map(({ id }) => id);
}

function tooMany(value: number, max: number): ServiceError {
  return outOfRange('input', `more than ${String(max)} photographs and samples, which is the most of one data set`, {
    min: 1,
    max,
    value,
  });
}
