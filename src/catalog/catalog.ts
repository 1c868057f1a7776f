/** A tenant's products and defects. Lists come in the order of their codes. */
import { asc, gt, ilike, inArray, or } from 'drizzle-orm';
import type { Page, PageRequest } from '../storage/pages.js';
import { page } from '../storage/pages.js';
import type { DefectRow, ProductRow } from '../storage/tables.js';
import { defects, products } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export interface Catalog {
  productsById(ids: readonly string[]): Promise<readonly ProductRow[]>;
  defectsById(ids: readonly string[]): Promise<readonly DefectRow[]>;
  productsByPartNumber(partNumbers: readonly string[]): Promise<readonly ProductRow[]>;
  defectsByCode(codes: readonly string[]): Promise<readonly DefectRow[]>;
  /** `search` is looked for in part number and name, ignoring case. */
  productPage(request: PageRequest, search?: string): Promise<Page<ProductRow>>;
  defectPage(request: PageRequest): Promise<Page<DefectRow>>;
  allDefects(): Promise<readonly DefectRow[]>;
  partNumbers(limit: number): Promise<readonly string[]>;
  defectCodes(limit: number): Promise<readonly string[]>;
}

export function catalogOf({ database, rows }: TenantScope): Catalog {
  const product = () => database.select().from(products);
  const defect = () => database.select().from(defects);
  return {
    productsById: async (ids) => product().where(rows(products, inArray(products.id, [...ids]))),
    defectsById: async (ids) => defect().where(rows(defects, inArray(defects.id, [...ids]))),
    productsByPartNumber: async (numbers) =>
      numbers.length === 0 ? [] : product().where(rows(products, inArray(products.partNumber, [...numbers]))),
    defectsByCode: async (codes) =>
      codes.length === 0 ? [] : defect().where(rows(defects, inArray(defects.code, [...codes]))),

    async productPage(request, search) {
      const [last] = request.after ?? [];
      const text = search === undefined ? undefined : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
      const found = await product()
        .where(
          rows(
            products,
            last === undefined ? undefined : gt(products.partNumber, String(last)),
            text === undefined ? undefined : or(ilike(products.partNumber, text), ilike(products.name, text)),
          ),
        )
        .orderBy(asc(products.partNumber))
        .limit(request.first + 1);
      return page(found, request);
    },

    async defectPage(request) {
      const [last] = request.after ?? [];
      const found = await defect()
        .where(rows(defects, last === undefined ? undefined : gt(defects.code, String(last))))
        .orderBy(asc(defects.code))
        .limit(request.first + 1);
      return page(found, request);
    },

    allDefects: async () => defect().where(rows(defects)).orderBy(asc(defects.code)),

    async partNumbers(limit) {
      const found = await database
        .select({ value: products.partNumber })
        .from(products)
        .where(rows(products))
        .orderBy(asc(products.partNumber))
        .limit(limit);
      return found.map((row) => row.value);
    },

    async defectCodes(limit) {
      const found = await database
        .select({ value: defects.code })
        .from(defects)
        .where(rows(defects))
        .orderBy(asc(defects.code))
        .limit(limit);
      return found.map((row) => row.value);
    },
  };
}
