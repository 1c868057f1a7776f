/**
 * Keyset pagination: a cursor names the row at the end of a page. So a page costs the same at any depth, and rows that
 * appear or disappear cause neither repetitions nor gaps. Cursors are opaque to callers and validated when they come
 * back. keyset.ts turns a request into SQL.
 */
import type { PgColumn } from 'drizzle-orm/pg-core';
import { badInput, quote } from '../errors.js';
import { requireInRange } from '../range.js';
import { isStorable } from './storableText.js';

export const PAGE_SIZE = { default: 20, max: 100 } as const;

export type OrderDirection = 'ASC' | 'DESC';
export type KeyValue = string | number | null;

/** One of the columns that a list is sorted by. */
export interface KeyColumn<Row> {
  readonly column: PgColumn;
  /** Of the values in cursors. A `time` has milliseconds; a `value` is any number, or null. */
  readonly kind: 'string' | 'number' | 'id' | 'time' | 'value';
  readonly of: (row: Row) => KeyValue | Date;
  /** Sorted against the direction of the list. */
  readonly opposite?: boolean;
}

/** How a list can be sorted. The columns of each order are unique together. */
export interface ListOrders<Row, Field extends string = string> {
  readonly default: { readonly field: Field; readonly direction: OrderDirection };
  readonly fields: Readonly<Record<Field, readonly KeyColumn<Row>[]>>;
}

/** As text the same for equal requests: loaders group by it. */
export interface PageRequest {
  readonly size: number;
  readonly field: string;
  readonly direction: OrderDirection;
  /** The keys of the rows before and after the page. */
  readonly after: readonly KeyValue[] | undefined;
  readonly before: readonly KeyValue[] | undefined;
  /** Whether the page ends at `before`, instead of starting at `after`. */
  readonly fromEnd: boolean;
}

export interface Page<T> {
  readonly rows: readonly T[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

type Given<T> = T | null | undefined;

export interface PageArguments {
  readonly first?: Given<number>;
  readonly after?: Given<string>;
  readonly last?: Given<number>;
  readonly before?: Given<string>;
}

/** A cursor of another list or order, or an invented one, is rejected. */
export function pageRequest<Row, Field extends string>(
  { first, after, last, before }: PageArguments,
  orders: ListOrders<Row, Field>,
  orderBy: Given<{ readonly field: Field; readonly direction: OrderDirection }> = undefined,
): PageRequest {
  if (first != null && last != null) throw badInput('last', 'cannot be given with first');
  const size = first ?? last ?? PAGE_SIZE.default;
  requireInRange(size, { min: 1, max: PAGE_SIZE.max }, last == null ? 'first' : 'last');
  const { field, direction } = orderBy ?? orders.default;
  const decode = (cursor: Given<string>, name: string) =>
    cursor == null ? undefined : decodeCursor(cursor, orders, field, name);
  return {
    size,
    field,
    direction,
    after: decode(after, 'after'),
    before: decode(before, 'before'),
    fromEnd: last != null,
  };
}

/** The cursor of the default order is the key alone. The others start with their field. */
export function cursorOf<Row>(row: Row, orders: ListOrders<Row>, field: string): string {
  const key = keyColumns(orders, field).map(({ of }) => of(row));
  return Buffer.from(JSON.stringify(field === orders.default.field ? key : [field, ...key])).toString('base64url');
}

export function keyColumns<Row>(orders: ListOrders<Row>, field: string): readonly KeyColumn<Row>[] {
  const columns = orders.fields[field];
  if (columns === undefined) throw new Error(`the list has no order by ${field}`);
  return columns;
}

function decodeCursor<Row>(cursor: string, orders: ListOrders<Row>, field: string, name: string): readonly KeyValue[] {
  const given = cursor.length <= 4000 ? parse(cursor) : undefined;
  const columns = keyColumns(orders, field);
  const key: unknown = field === orders.default.field ? given : withoutField(given, field);
  if (Array.isArray(key) && key.length === columns.length && columns.every(({ kind }, i) => fits(key[i], kind))) {
    return key as KeyValue[];
  }
  throw badInput(
    name,
    `${quote(cursor)} is not a cursor of this list in this order; pass a cursor of another page of it`,
  );
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

const withoutField = (given: unknown, field: string): unknown =>
  Array.isArray(given) && given[0] === field ? given.slice(1) : undefined;

function fits(value: unknown, kind: KeyColumn<never>['kind']): boolean {
  if (kind === 'value') return value === null || Number.isFinite(value);
  if (kind === 'number') return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
  if (typeof value !== 'string' || !isStorable(value)) return false;
  if (kind === 'time') return isTime(value);
  return kind === 'string' || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** As the database knows it, which has no year 0. */
function isTime(text: string): boolean {
  return /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Expects rows that were read with a limit of `size + 1`, from the end of the list if the request is. */
export function page<T>(found: readonly T[], { size, fromEnd, after, before }: PageRequest): Page<T> {
  const rows = found.slice(0, size);
  const hasMore = found.length > size;
  return fromEnd
    ? { rows: rows.reverse(), hasNextPage: before !== undefined, hasPreviousPage: hasMore }
    : { rows, hasNextPage: hasMore, hasPreviousPage: after !== undefined };
}
