/** Products and defects as an import sees them: alike, but for the column that names them and for attributes. */
import { asc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
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
  /** Archived ones too. */
  findByCodes(codes: readonly string[]): Promise<readonly CatalogEntry[]>;
  /** In one statement: new ones are inserted, known ones get all of it. */
  upsert(entries: readonly CatalogEntry[], at: Date): Promise<void>;
  /** Of those that are not archived, in order, from after a code on. */
  activeCodes(after: string, limit: number): Promise<readonly string[]>;
  archive(codes: readonly string[], at: Date): Promise<void>;
}

const ENTRY_COLUMNS = ['name', 'prompt_name', 'given_prompt_name', 'archived_at', 'updated_at'] as const;
const FIELDS = ['name', 'promptName', 'givenPromptName', 'archivedAt', 'updatedAt'] as const;
const replaced = Object.fromEntries(FIELDS.map((field, i) => [field, sql.raw(`excluded.${ENTRY_COLUMNS[i] ?? ''}`)]));

export function productRepository({ database, rows, own }: TenantScope): CatalogRepository {
  return {
    kind: 'PRODUCT',
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

export function defectRepository({ database, rows, own }: TenantScope): CatalogRepository {
  return {
    kind: 'DEFECT',
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

/** Takes one out of the lists or brings it back; what is so already stays as it is. False: there is none. */
export async function setArchived(
  { database, rows }: TenantScope,
  kind: CatalogKind,
  code: string,
  archived: boolean,
): Promise<boolean> {
  const table = kind === 'PRODUCT' ? products : defects;
  const column = kind === 'PRODUCT' ? products.partNumber : defects.code;
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
