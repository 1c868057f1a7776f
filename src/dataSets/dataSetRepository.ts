/** A tenant's data sets and their members: look-ups, lists, and deletion. */
import type { SQL } from 'drizzle-orm';
import { ServiceError, quote } from '../errors.js';
import { and, eq, inArray, isNull, sql } from '../storage/drizzle.js';
import { isId } from '../storage/identifiers.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { ListOrders, Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { DataSetMemberRow, DataSetRow } from '../storage/tables.js';
import { dataSetMembers, dataSets, trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Split } from './splitBySource.js';

/** Ids rise with time. */
export const DATA_SET_ORDERS: ListOrders<DataSetRow, 'CREATED_AT'> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: { CREATED_AT: [{ column: dataSets.id, kind: 'id', of: ({ id }) => id }] },
};

export const MEMBER_ORDERS: ListOrders<DataSetMemberRow, 'POSITION'> = {
  default: { field: 'POSITION', direction: 'ASC' },
  fields: { POSITION: [{ column: dataSetMembers.position, kind: 'number', of: ({ position }) => position }] },
};

export interface DataSetConditions {
  readonly name?: string | undefined;
}

export interface MemberConditions {
  readonly split?: Split | undefined;
  readonly hasFindings?: boolean | undefined;
}

export interface MemberCounts {
  readonly goodPhotographs: number;
  readonly defectivePhotographs: number;
  readonly samples: number;
  readonly train: number;
  readonly test: number;
  readonly withFindings: number;
}

export const NO_MEMBERS: MemberCounts = {
  goodPhotographs: 0,
  defectivePhotographs: 0,
  samples: 0,
  train: 0,
  test: 0,
  withFindings: 0,
};

export interface DataSets {
  /** Also a deleted one, which trainings can name. It has no members. */
  byIds(ids: readonly string[]): Promise<readonly DataSetRow[]>;
  /** Of those that are not deleted. */
  page(request: PageRequest, conditions: DataSetConditions): Promise<Page<DataSetRow>>;
  /** Null for more than can be counted at once. */
  count(conditions: DataSetConditions): Promise<number | null>;
  /**
   * The same page of the members of each of many data sets. Each is a statement of its own, as for `countsOf`: over all of
   * them, one would read half a million rows, and the embedded database does nothing else meanwhile.
   */
  memberPages(
    ids: readonly string[],
    request: PageRequest,
    conditions: MemberConditions,
  ): Promise<ReadonlyMap<string, Page<DataSetMemberRow>>>;
  memberCount(id: string, conditions: MemberConditions): Promise<number | null>;
  /** By the id of the data set. */
  countsOf(ids: readonly string[]): Promise<ReadonlyMap<string, MemberCounts>>;
  /** One that is already deleted is unchanged. @throws ServiceError NOT_FOUND, DATA_SET_IN_USE */
  delete(id: string): Promise<DataSetRow>;
}

export function dataSetsOf(scope: TenantScope): DataSets {
  const { database, rows } = scope;
  const present = ({ name }: DataSetConditions): SQL =>
    rows(dataSets, isNull(dataSets.deletedAt), name === undefined ? undefined : eq(dataSets.name, name));

  return {
    async byIds(ids) {
      const valid = ids.filter(isId);
      if (valid.length === 0) return [];
      return database
        .select()
        .from(dataSets)
        .where(rows(dataSets, inArray(dataSets.id, valid)));
    },

    async page(request, conditions) {
      const { within, orderBy } = keyset(DATA_SET_ORDERS, request);
      const found = await database
        .select()
        .from(dataSets)
        .where(and(present(conditions), within))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },

    count: (conditions) => boundedCount(database, dataSets, present(conditions)),

    async memberPages(ids, request, conditions) {
      const { within, orderBy } = keyset(MEMBER_ORDERS, request);
      const pages = new Map<string, Page<DataSetMemberRow>>();
      for (const id of ids) {
        const found = await database
          .select()
          .from(dataSetMembers)
          .where(rows(dataSetMembers, eq(dataSetMembers.dataSetId, id), within, ...matching(conditions)))
          .orderBy(...orderBy)
          .limit(request.size + 1);
        pages.set(id, page(found, request));
      }
      return pages;
    },

    memberCount: (id, conditions) =>
      boundedCount(
        database,
        dataSetMembers,
        rows(dataSetMembers, eq(dataSetMembers.dataSetId, id), ...matching(conditions)),
      ),

    async countsOf(ids) {
      const counts = new Map<string, MemberCounts>();
      for (const id of ids) {
        const found = await countsOf(scope, id);
        if (found !== undefined) counts.set(id, found);
      }
      return counts;
    },

    async delete(id) {
      return scope.transaction(async (tx) => {
        const own = isId(id) ? tx.rows(dataSets, eq(dataSets.id, id)) : undefined;
        const [row] = own === undefined ? [] : await tx.database.select().from(dataSets).where(own).for('update');
        if (row === undefined)
          throw new ServiceError('NOT_FOUND', `id: there is no data set ${quote(id)}`, { field: 'id' });
        if (row.deletedAt !== null) return row;
        await requireUnused(tx, row.id);
        await tx.database.delete(dataSetMembers).where(tx.rows(dataSetMembers, eq(dataSetMembers.dataSetId, row.id)));
        const [deleted] = await tx.database.update(dataSets).set({ deletedAt: new Date() }).where(own).returning();
        return deleted ?? row;
      });
    },
  };
}

async function countsOf({ database, tenantId }: TenantScope, id: string): Promise<MemberCounts | undefined> {
  const { rows: found } = await database.execute<Record<keyof MemberCounts, string>>(sql`
    select
      count(*) filter (where r.id is not null and r.defect_id is null) as "goodPhotographs",
      count(*) filter (where r.defect_id is not null) as "defectivePhotographs",
      count(m.sample_id) as samples,
      count(*) filter (where m.split = 'TRAIN') as train,
      count(*) filter (where m.split = 'TEST') as test,
      count(*) filter (where m.findings <> '[]') as "withFindings"
    from data_set_member m left join reference r on r.tenant_id = m.tenant_id and r.id = m.reference_id
    where m.tenant_id = ${tenantId} and m.data_set_id = ${id}
  `);
  const names = Object.keys(NO_MEMBERS) as (keyof MemberCounts)[];
  const [row] = found;
  return row && (Object.fromEntries(names.map((name) => [name, Number(row[name])])) as unknown as MemberCounts);
}

/** A training reads its data set again whenever it goes on. */
async function requireUnused({ database, rows }: TenantScope, id: string): Promise<void> {
  const [user] = await database
    .select({ id: trainings.id })
    .from(trainings)
    .where(rows(trainings, eq(trainings.dataSetId, id), inArray(trainings.status, ['QUEUED', 'RUNNING'])))
    .limit(1);
  if (user === undefined) return;
  throw new ServiceError(
    'DATA_SET_IN_USE',
    `id: the training ${quote(user.id)} learns from the data set ${quote(id)} and is not finished; cancel it first`,
    { field: 'id', trainingId: user.id },
  );
}

function matching({ split, hasFindings }: MemberConditions): (SQL | undefined)[] {
  const none = sql`${dataSetMembers.findings} = '[]'`;
  return [
    split === undefined ? undefined : eq(dataSetMembers.split, split),
    hasFindings === undefined ? undefined : hasFindings ? sql`not (${none})` : none,
  ];
}
