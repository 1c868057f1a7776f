/** Inserts the next version of a data set with all its members, in the transaction of the caller. */
import { ServiceError } from '../errors.js';
import { takeLock } from '../storage/advisoryLocks.js';
import { count, eq, isNull, max, sql } from '../storage/drizzle.js';
import { newId } from '../storage/identifiers.js';
import type { DataSetRow } from '../storage/tables.js';
import { dataSetMembers, dataSets } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Candidate } from './candidates.js';
import { dataSetFindings } from './findings.js';
import type { Split } from './splitBySource.js';

export interface Member extends Candidate {
  readonly split: Split;
}

export interface NewVersion {
  readonly name: string;
  /** Null if the members for testing were listed. */
  readonly chosenBy: { readonly testShare: number; readonly splitSeed: number } | null;
  readonly members: readonly Member[];
  readonly idempotencyKey: string | null;
  readonly inputHash: string;
  readonly createdBy: string | null;
}

/** A deleted version keeps its row, because trainings name it. So many are kept for each that a tenant may have at a time. */
const ROWS_PER_DATA_SET = 50;
/** Rows of one statement. */
const BATCH_SIZE = 1_000;

/**
 * @param most versions that the tenant may have
 * @param field the field of the request, for the message
 * @throws ServiceError TOO_MANY_DATA_SETS
 */
export async function insertVersion(
  tx: TenantScope,
  version: NewVersion,
  most: number,
  field: string,
): Promise<DataSetRow> {
  const { database, own } = tx;
  const { name, chosenBy, members, ...origin } = version;
  await takeLock(database, 'dataSetVersion', tx.tenantId);
  await requireRoom(tx, most, field);
  const row = {
    ...origin,
    id: newId(),
    name,
    version: await nextVersion(tx, name),
    testShare: chosenBy?.testShare ?? null,
    splitSeed: chosenBy?.splitSeed ?? null,
    findings: dataSetFindings(members),
    createdAt: new Date(),
  };
  const [inserted] = await database.insert(dataSets).values(own(row)).returning();
  if (inserted === undefined) throw new Error('an inserted data set was not returned');
  const rows = members.map(({ referenceId, sampleId, split, findings }, position) =>
    own({ dataSetId: row.id, position, referenceId, sampleId, split, findings }),
  );
  for (let start = 0; start < rows.length; start += BATCH_SIZE)
    await database.insert(dataSetMembers).values(rows.slice(start, start + BATCH_SIZE));
  return inserted;
}

async function nextVersion({ database, rows }: TenantScope, name: string): Promise<number> {
  const [last] = await database
    .select({ version: max(dataSets.version) })
    .from(dataSets)
    .where(rows(dataSets, eq(dataSets.name, name)));
  return (last?.version ?? 0) + 1;
}

/** @throws ServiceError TOO_MANY_DATA_SETS */
export async function requireRoom({ database, rows }: TenantScope, most: number, field: string): Promise<void> {
  const [found] = await database
    .select({ all: count(), there: sql<number>`count(*) filter (where ${isNull(dataSets.deletedAt)})`.mapWith(Number) })
    .from(dataSets)
    .where(rows(dataSets));
  const { all, there } = found ?? { all: 0, there: 0 };
  if (there >= most)
    throw new ServiceError(
      'TOO_MANY_DATA_SETS',
      `${field}: the tenant has ${String(there)} versions of data sets, and ${String(most)} are allowed; delete one with deleteDataSet first`,
      { field, limit: most },
    );
  const limit = most * ROWS_PER_DATA_SET;
  if (all >= limit)
    throw new ServiceError(
      'TOO_MANY_DATA_SETS',
      `${field}: the tenant has had ${String(all)} versions of data sets, and ${String(limit)} are allowed, deleted ones included, because ` +
        'trainings name them; ask the operator to raise MAX_DATA_SETS_PER_TENANT',
      { field, limit },
    );
}
