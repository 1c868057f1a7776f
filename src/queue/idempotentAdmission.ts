/**
 * Accepts requests at most once per idempotency key. A key belongs to its first request for ever: the same input with the same key
 * returns the row of the first request, other input with the same key is an error.
 */
import { createHash } from 'node:crypto';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { canonicalCode } from '../canonicalCode.js';
import { inArray } from '../storage/drizzle.js';
import { ServiceError, quote } from '../errors.js';
import type { AdvisoryLock } from '../storage/advisoryLocks.js';
import { takeLock } from '../storage/advisoryLocks.js';
import type { TenantScope } from '../storage/tenantScope.js';

export interface AdmissionItem<Input> {
  readonly input: Input;
  /** The item's path in the request, such as `input[2]`, for error messages. */
  readonly field: string;
  readonly hash: string;
}

interface AdmittedRow {
  readonly id: string;
  readonly idempotencyKey: string | null;
  readonly inputHash: string;
}

interface AdmissionTable extends PgTable {
  readonly tenantId: PgColumn;
  readonly idempotencyKey: PgColumn;
}

export interface Admission<Input, Row extends AdmittedRow> {
  /** What is admitted, as `extensions` name it. */
  readonly noun: 'generation' | 'export' | 'dataSet' | 'training';
  readonly table: AdmissionTable;
  /** Held from the look-up of the keys until the rows are committed. */
  readonly lock: AdvisoryLock;
  /** Whether tenants wait for each other. What counts over all tenants needs it. Default: true. */
  readonly isSharedLock?: boolean;
  /** Inserts the new items in the order given and returns their rows in that order. */
  insert(scope: TenantScope, items: readonly AdmissionItem<Input>[]): Promise<readonly Row[]>;
}

/** Returns one row per item, in the order of the items. Admits all of them or none. */
export function admitOnce<
  Input extends { readonly idempotencyKey?: string | null | undefined },
  Row extends AdmittedRow,
>(
  tenant: TenantScope,
  { noun, table, lock, isSharedLock = true, insert }: Admission<Input, Row>,
  items: readonly AdmissionItem<Input>[],
): Promise<readonly Row[]> {
  return tenant.transaction(async (scope) => {
    await takeLock(scope.database, lock, isSharedLock ? undefined : scope.tenantId);
    const keys = items.flatMap(({ input }) => input.idempotencyKey ?? []);
    const known = await rowsByKey<Row>(scope, table, keys);
    const firstOfKey = (item: AdmissionItem<Input>): AdmissionItem<Input> => {
      const key = item.input.idempotencyKey;
      return (key == null ? undefined : items.find((other) => other.input.idempotencyKey === key)) ?? item;
    };
    const isNew = (item: AdmissionItem<Input>): boolean => {
      const key = item.input.idempotencyKey;
      if (key == null) return true;
      const [row, first] = [known.get(key), firstOfKey(item)];
      if ((row?.inputHash ?? first.hash) !== item.hash) throw conflict(noun, item.field, key, row);
      return row === undefined && first === item;
    };
    const fresh = items.filter(isNew);
    const rows = fresh.length === 0 ? [] : await insert(scope, fresh);
    const inserted = new Map(fresh.map((item, i) => [item, rows[i]]));
    return items.map((item) => {
      const row = inserted.get(firstOfKey(item)) ?? known.get(item.input.idempotencyKey ?? '');
      if (row === undefined) throw new Error(`${item.field}: no ${noun} was found or inserted`);
      return row;
    });
  });
}

/**
 * The rows of a request that was admitted with these keys and inputs before, in the order of the items; undefined if it was
 * not, or not with all of them. For what checks the input before it is admitted: what has changed since then is no reason to
 * refuse it now.
 */
export async function admittedBefore<Row extends AdmittedRow>(
  scope: TenantScope,
  table: AdmissionTable,
  items: readonly { readonly key: string | null | undefined; readonly hash: string }[],
): Promise<readonly Row[] | undefined> {
  const known = await rowsByKey<Row>(
    scope,
    table,
    items.flatMap(({ key }) => key ?? []),
  );
  const rows = items.flatMap(({ key, hash }) => {
    const row = known.get(key ?? '');
    return row?.inputHash === hash ? [row] : [];
  });
  return rows.length > 0 && rows.length === items.length ? rows : undefined;
}

async function rowsByKey<Row extends AdmittedRow>(
  { database, rows }: TenantScope,
  table: AdmissionTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  if (keys.length === 0) return new Map();
  const found = await database
    .select()
    .from(table)
    .where(rows(table, inArray(table.idempotencyKey, [...keys])));
  return new Map((found as unknown as Row[]).map((row) => [row.idempotencyKey ?? '', row]));
}

const WORDS = { generation: 'generation', export: 'export', dataSet: 'data set', training: 'training' } as const;

function conflict(noun: keyof typeof WORDS, field: string, key: string, row: AdmittedRow | undefined): ServiceError {
  const earlier = row === undefined ? 'another item of this list' : `${WORDS[noun]} ${row.id}`;
  return new ServiceError(
    'IDEMPOTENCY_CONFLICT',
    `${field}.idempotencyKey: ${quote(key)} was used for ${earlier} with other input; use a new key for a new request`,
    { field: `${field}.idempotencyKey`, ...(row === undefined ? {} : { [`${noun}Id`]: row.id }) },
  );
}

/** The fields of inputs that hold part numbers or defect codes. */
const CODES = new Set(['partNumber', 'partNumbers', 'defectCode', 'defectCodes', 'classes']);

/** Equal for equal inputs, whatever the order of fields and the form of codes, and whether a null is written or left out. */
export function inputHash(input: object): string {
  return createHash('sha256').update(canonical(input)).digest('hex');
}

function canonical(value: unknown, isCode = false): string {
  if (typeof value === 'string' && isCode) return JSON.stringify(canonicalCode(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, isCode)).join(',')}]`;
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v, CODES.has(k))}`).join(',')}}`;
}
