/** Pages and counts of lists in SQL. An index on the columns of an order makes each page cheap, from either end. */
import type { SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Database } from './database.js';
import { and, asc, count, desc, gt, gte, lt, lte, or, sql } from './drizzle.js';
import type { KeyColumn, KeyValue, ListOrders, PageRequest } from './pagination.js';
import { keyColumns } from './pagination.js';

/** Counting stops here, so that a long list costs no more than this. */
export const MAX_COUNT = 10_000;

export interface Keyset {
  /** Leaves out the rows before `after` and behind `before`. */
  readonly within: SQL | undefined;
  /** From the end of the list if the request is. */
  readonly orderBy: SQL[];
}

export function keyset<Row>(orders: ListOrders<Row>, request: PageRequest): Keyset {
  return keysetOf(keyColumns(orders, request.field), request);
}

export function keysetOf<Row>(keys: readonly KeyColumn<Row>[], request: PageRequest): Keyset {
  const columns = keys.map((column): SortedColumn => ({
    ...column,
    rises: (request.direction === 'ASC') !== (column.opposite ?? false),
  }));
  const { after, before, fromEnd } = request;
  return {
    within: and(
      after === undefined ? undefined : beyond(columns, after),
      before === undefined ? undefined : beyond(reversed(columns), before),
    ),
    orderBy: (fromEnd ? reversed(columns) : columns).map(({ column, rises }) => (rises ? asc(column) : desc(column))),
  };
}

type SortedColumn = Pick<KeyColumn<never>, 'column' | 'kind'> & { readonly rises: boolean };

const reversed = (columns: readonly SortedColumn[]) => columns.map((each) => ({ ...each, rises: !each.rises }));

/**
 * The rows behind a key. With several columns, the first condition follows from the second. Without it PostgreSQL would
 * scan an index from its start, because a scan cannot start at an `or`.
 */
function beyond([first, ...others]: readonly SortedColumn[], [value, ...values]: readonly KeyValue[]): SQL | undefined {
  if (first === undefined || value == null) return undefined;
  const { column, kind, rises } = first;
  const bound = kind === 'time' ? new Date(value) : value;
  const strictly = rises ? gt(column, bound) : lt(column, bound);
  if (others.length === 0) return strictly;
  return and(rises ? gte(column, bound) : lte(column, bound), or(strictly, beyond(others, values)));
}

/** Null if more than MAX_COUNT rows meet the condition. */
export async function boundedCount(database: Database, table: PgTable, condition: SQL): Promise<number | null> {
  const some = database
    .select({ one: sql`1`.as('one') })
    .from(table)
    .where(condition)
    .limit(MAX_COUNT + 1)
    .as('some');
  const [row] = await database.select({ n: count() }).from(some);
  const n = row?.n ?? 0;
  return n > MAX_COUNT ? null : n;
}
