/** Products and defects as an import writes them. They differ only in the column of the code and in attributes. */
import { asc, eq, gt, inArray, isNull, sql } from '../storage/drizzle.js';
import { newId } from '../storage/identifiers.js';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { CatalogKind } from './promptNames.js';

export interface CatalogEntry {
  readonly code: string;
  readonly name: string;
  readonly promptName: string;
  readonly givenPromptName: string | null;
  readonly attributes: Record<string, unknown> | null;
  readonly archivedAt: Date | null;
}

export interface CatalogRepository {
  readonly kind: CatalogKind;
  /** Includes archived entries. */
  findByCodes(codes: readonly string[]): Promise<readonly CatalogEntry[]>;
  /** Inserts new entries and overwrites known ones, in one statement. */
  upsert(entries: readonly CatalogEntry[], at: Date): Promise<void>;
  /** Codes that are not archived and greater than `after`, sorted. */
  activeCodes(after: string, limit: number): Promise<readonly string[]>;
  archive(codes: readonly string[], at: Date): Promise<void>;
  /** For each of these codes, stored ones, the other codes that differ from it only in case. */
  inOtherCase(codes: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

const ENTRY_COLUMNS = ['name', 'prompt_name', 'given_prompt_name', 'archived_at', 'updated_at'] as const;
const FIELDS = ['name', 'promptName', 'givenPromptName', 'archivedAt', 'updatedAt'] as const;
const replaced = Object.fromEntries(FIELDS.map((field, i) => [field, sql.raw(`excluded.${ENTRY_COLUMNS[i] ?? ''}`)]));

export function productRepository(scope: TenantScope): CatalogRepository {
  const { database, rows, own } = scope;
  return {
    kind: 'PRODUCT',
    inOtherCase: (codes) => inOtherCase(scope, 'PRODUCT', codes),
    async findByCodes(codes) {
      const found = await database
        .select()
        .from(products)
        .where(rows(products, inArray(products.partNumber, [...codes])));
      return found.map((row) => ({ ...row, code: row.partNumber }));
    },
    async upsert(entries, at) {
      await database
        .insert(products)
        .values(
          entries.map(({ code, ...entry }) =>
            own({ ...entry, partNumber: code, id: newId(), createdAt: at, updatedAt: at }),
          ),
        )
        .onConflictDoUpdate({
          target: [products.tenantId, products.partNumber],
          set: { ...replaced, attributes: sql.raw('excluded.attributes') },
        });
    },
    async activeCodes(after, limit) {
      const found = await database
        .select({ code: products.partNumber })
        .from(products)
        .where(rows(products, gt(products.partNumber, after), isNull(products.archivedAt)))
        .orderBy(asc(products.partNumber))
        .limit(limit);
      return found.map(({ code }) => code);
    },
    async archive(codes, at) {
      await database
        .update(products)
        .set({ archivedAt: at, updatedAt: at })
        .where(rows(products, inArray(products.partNumber, [...codes]), isNull(products.archivedAt)));
    },
  };
}

export function defectRepository(scope: TenantScope): CatalogRepository {
  const { database, rows, own } = scope;
  return {
    kind: 'DEFECT',
    inOtherCase: (codes) => inOtherCase(scope, 'DEFECT', codes),
    async findByCodes(codes) {
      const found = await database
        .select()
        .from(defects)
        .where(rows(defects, inArray(defects.code, [...codes])));
      return found.map((row) => ({ ...row, attributes: null }));
    },
    async upsert(entries, at) {
      await database
        .insert(defects)
        .values(
          entries.map(({ attributes: _, ...entry }) => own({ ...entry, id: newId(), createdAt: at, updatedAt: at })),
        )
        .onConflictDoUpdate({ target: [defects.tenantId, defects.code], set: replaced });
    },
    async activeCodes(after, limit) {
      const found = await database
        .select({ code: defects.code })
        .from(defects)
        .where(rows(defects, gt(defects.code, after), isNull(defects.archivedAt)))
        .orderBy(asc(defects.code))
        .limit(limit);
      return found.map(({ code }) => code);
    },
    async archive(codes, at) {
      await database
        .update(defects)
        .set({ archivedAt: at, updatedAt: at })
        .where(rows(defects, inArray(defects.code, [...codes]), isNull(defects.archivedAt)));
    },
  };
}

const tableOf = (kind: CatalogKind) =>
  kind === 'PRODUCT' ? { table: products, column: products.partNumber } : { table: defects, column: defects.code };

async function inOtherCase({ database, rows }: TenantScope, kind: CatalogKind, codes: readonly string[]) {
  if (codes.length === 0) return new Map<string, string[]>();
  const { table, column } = tableOf(kind);
  const key = sql<string>`lower(${column})`;
  const keys = sql.join(
    codes.map((code) => sql`lower(${code})`),
    sql`, `,
  );
  const found = await database
    .select({ code: column, key })
    .from(table)
    .where(rows(table, sql`${key} in (${keys})`))
    .orderBy(asc(column));
  const groups = Map.groupBy(found, (row) => row.key);
  const others = found.map(({ code, key: own }) => {
    const alike = (groups.get(own) ?? []).map((row) => row.code).filter((other) => other !== code);
    return [code, alike] as const;
  });
  const asked = new Set(codes);
  return new Map(others.filter(([code]) => asked.has(code)));
}

/**
 * Archives or restores an item. An item that is already in this state is unchanged. Returns false if there is no such
 * item.
 */
export async function setArchived(
  { database, rows }: TenantScope,
  kind: CatalogKind,
  code: string,
  archived: boolean,
): Promise<boolean> {
  const { table, column } = tableOf(kind);
  const now = sql`${new Date().toISOString()}::timestamptz`;
  const found = await database
    .update(table)
    .set({
      archivedAt: archived ? sql`coalesce(${table.archivedAt}, ${now})` : null,
      updatedAt: sql`case when (${table.archivedAt} is null) = ${archived} then ${now} else ${table.updatedAt} end`,
    })
    .where(rows(table, eq(column, code)))
    .returning({ id: table.id });
  return found.length > 0;
}
