/** A tenant's products and defects. */
import { asc, eq, gte, ilike, inArray, isNotNull, isNull, lt, or, sql } from '../storage/drizzle.js';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { ServiceError, quote } from '../errors.js';
import { boundedCount, keyset } from '../storage/keyset.js';
import type { Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { DefectRow, ProductRow } from '../storage/tables.js';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { DEFECT_ORDERS, PRODUCT_ORDERS } from './catalogOrders.js';
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
  /** Null for more than can be counted at once. */
  productCount(conditions: CatalogConditions): Promise<number | null>;
  defectCount(conditions: CatalogConditions): Promise<number | null>;
  /** Defects that are not archived. */
  activeDefects(): Promise<readonly DefectRow[]>;
  /** Throws NOT_FOUND. An item that is already in this state is unchanged. */
  setProductArchived(partNumber: string, archived: boolean): Promise<ProductRow>;
  /** @param maskId of a region mask of the tenant; null for none */
  setAllowedMask(partNumber: string, maskId: string | null): Promise<ProductRow>;
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
  const noProduct = async (partNumber: string): Promise<never> => {
    throw notFound('partNumber', 'product', partNumber, await partNumbersInOtherCase(partNumber));
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
      const { within, orderBy } = keyset(PRODUCT_ORDERS, request);
      const found = await product()
        .where(rows(products, within, ...productConditions(conditions)))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },

    async defectPage(request, conditions) {
      const { within, orderBy } = keyset(DEFECT_ORDERS, request);
      const found = await defect()
        .where(rows(defects, within, ...defectConditions(conditions)))
        .orderBy(...orderBy)
        .limit(request.size + 1);
      return page(found, request);
    },

    productCount: (conditions) => boundedCount(database, products, rows(products, ...productConditions(conditions))),
    defectCount: (conditions) => boundedCount(database, defects, rows(defects, ...defectConditions(conditions))),

    activeDefects: async () =>
      defect()
        .where(rows(defects, isNull(defects.archivedAt)))
        .orderBy(asc(defects.code)),

    async setProductArchived(partNumber, archived) {
      await setArchived(scope, 'PRODUCT', partNumber, archived);
      const [row] = await withPartNumbers([partNumber]);
      return row ?? noProduct(partNumber);
    },

    async setAllowedMask(partNumber, maskId) {
      const [row] = await database
        .update(products)
        .set({ allowedMaskId: maskId, updatedAt: new Date() })
        .where(rows(products, eq(products.partNumber, partNumber)))
        .returning();
      return row ?? noProduct(partNumber);
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

const productConditions = (conditions: CatalogConditions) =>
  filterConditions(products, products.partNumber, conditions);
const defectConditions = (conditions: CatalogConditions) => filterConditions(defects, defects.code, conditions);

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
