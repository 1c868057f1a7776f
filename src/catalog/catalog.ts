/** A tenant's products and defects. Lists are sorted by code. */
import { asc, eq, gt, gte, ilike, inArray, isNotNull, isNull, lt, or, sql } from '../storage/drizzle.js';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { ServiceError, quote } from '../errors.js';
import type { Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { DefectRow, ProductRow } from '../storage/tables.js';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { setArchived } from './catalogRepository.js';
import { inOtherCase } from './suggestions.js';

export interface CatalogConditions {
  /** A part of the code or name. Case does not matter. */
  readonly search?: string | undefined;
  readonly promptName?: string | undefined;
  readonly promptNames?: readonly string[] | undefined;
  /** Undefined selects both. */
  readonly archived: boolean | undefined;
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
  readonly updatedAfter?: Date | undefined;
  readonly updatedBefore?: Date | undefined;
}

export interface Catalog {
  productsById(ids: readonly string[]): Promise<readonly ProductRow[]>;
  defectsById(ids: readonly string[]): Promise<readonly DefectRow[]>;
  productsByPartNumber(partNumbers: readonly string[]): Promise<readonly ProductRow[]>;
  defectsByCode(codes: readonly string[]): Promise<readonly DefectRow[]>;
  productPage(request: PageRequest, conditions: CatalogConditions): Promise<Page<ProductRow>>;
  defectPage(request: PageRequest, conditions: CatalogConditions): Promise<Page<DefectRow>>;
  /** Defects that are not archived. */
  activeDefects(): Promise<readonly DefectRow[]>;
  /** Throws NOT_FOUND. An item that is already in this state is unchanged. */
  setProductArchived(partNumber: string, archived: boolean): Promise<ProductRow>;
  setDefectArchived(code: string, archived: boolean): Promise<DefectRow>;
  /** Codes of items that are not archived. The same applies to `defectCodes`. */
  partNumbers(limit: number): Promise<readonly string[]>;
  defectCodes(limit: number): Promise<readonly string[]>;
  /** Codes that differ from this one only in case, archived ones included. At most three. */
  partNumbersInOtherCase(partNumber: string): Promise<readonly string[]>;
  defectCodesInOtherCase(code: string): Promise<readonly string[]>;
}

const CODES_IN_OTHER_CASE = 3;

export function catalogOf(scope: TenantScope): Catalog {
  const { database, rows } = scope;
  const product = () => database.select().from(products);
  const defect = () => database.select().from(defects);
  const withPartNumbers = async (numbers: readonly string[]) =>
    numbers.length === 0 ? [] : product().where(rows(products, inArray(products.partNumber, [...numbers])));
  const withCodes = async (codes: readonly string[]) =>
    codes.length === 0 ? [] : defect().where(rows(defects, inArray(defects.code, [...codes])));
  const partNumbersInOtherCase = async (partNumber: string) => {
    const found = await product()
      .where(rows(products, equalsInAnyCase(products.partNumber, partNumber)))
      .orderBy(asc(products.partNumber))
      .limit(CODES_IN_OTHER_CASE);
    return found.map((row) => row.partNumber);
  };
  const defectCodesInOtherCase = async (code: string) => {
    const found = await defect()
      .where(rows(defects, equalsInAnyCase(defects.code, code)))
      .orderBy(asc(defects.code))
      .limit(CODES_IN_OTHER_CASE);
    return found.map((row) => row.code);
  };
  return {
    productsById: async (ids) => product().where(rows(products, inArray(products.id, [...ids]))),
    defectsById: async (ids) => defect().where(rows(defects, inArray(defects.id, [...ids]))),
    productsByPartNumber: withPartNumbers,
    defectsByCode: withCodes,

    async productPage(request, conditions) {
      const [last] = request.after ?? [];
      const beyond = last === undefined ? undefined : gt(products.partNumber, String(last));
      const found = await product()
        .where(rows(products, beyond, ...filterConditions(products, products.partNumber, conditions)))
        .orderBy(asc(products.partNumber))
        .limit(request.first + 1);
      return page(found, request);
    },

    async defectPage(request, conditions) {
      const [last] = request.after ?? [];
      const beyond = last === undefined ? undefined : gt(defects.code, String(last));
      const found = await defect()
        .where(rows(defects, beyond, ...filterConditions(defects, defects.code, conditions)))
        .orderBy(asc(defects.code))
        .limit(request.first + 1);
      return page(found, request);
    },

    activeDefects: async () =>
      defect()
        .where(rows(defects, isNull(defects.archivedAt)))
        .orderBy(asc(defects.code)),

    async setProductArchived(partNumber, archived) {
      await setArchived(scope, 'PRODUCT', partNumber, archived);
      const [row] = await withPartNumbers([partNumber]);
      if (row !== undefined) return row;
      throw notFound('partNumber', 'product', partNumber, await partNumbersInOtherCase(partNumber));
    },

    async setDefectArchived(code, archived) {
      await setArchived(scope, 'DEFECT', code, archived);
      const [row] = await withCodes([code]);
      if (row !== undefined) return row;
      throw notFound('code', 'defect', code, await defectCodesInOtherCase(code));
    },

    async partNumbers(limit) {
      const found = await database
        .select({ value: products.partNumber })
        .from(products)
        .where(rows(products, isNull(products.archivedAt)))
        .orderBy(asc(products.partNumber))
        .limit(limit);
      return found.map((row) => row.value);
    },

    async defectCodes(limit) {
      const found = await database
        .select({ value: defects.code })
        .from(defects)
        .where(rows(defects, isNull(defects.archivedAt)))
        .orderBy(asc(defects.code))
        .limit(limit);
      return found.map((row) => row.value);
    },

    partNumbersInOtherCase,
    defectCodesInOtherCase,
  };
}

function notFound(field: string, what: string, code: string, suggestions: readonly string[]): ServiceError {
  const problem = `there is no ${what} ${quote(code)}${inOtherCase(suggestions)}`;
  return new ServiceError('NOT_FOUND', `${field}: ${problem}`, {
    field,
    ...(suggestions.length > 0 && { suggestions }),
  });
}

const equalsInAnyCase = (column: PgColumn, text: string) => sql`lower(${column}) = lower(${text})`;

function filterConditions(table: typeof products | typeof defects, code: PgColumn, conditions: CatalogConditions) {
  const { search, promptName, promptNames, archived } = conditions;
  const { createdAfter, createdBefore, updatedAfter, updatedBefore } = conditions;
  const text = search === undefined ? undefined : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  return [
    text === undefined ? undefined : or(ilike(code, text), ilike(table.name, text)),
    promptName === undefined ? undefined : eq(table.promptName, promptName),
    promptNames === undefined ? undefined : inArray(table.promptName, [...promptNames]),
    archived === undefined ? undefined : archived ? isNotNull(table.archivedAt) : isNull(table.archivedAt),
    createdAfter === undefined ? undefined : gte(table.createdAt, createdAfter),
    createdBefore === undefined ? undefined : lt(table.createdAt, createdBefore),
    updatedAfter === undefined ? undefined : gte(table.updatedAt, updatedAfter),
    updatedBefore === undefined ? undefined : lt(table.updatedAt, updatedBefore),
  ];
}
