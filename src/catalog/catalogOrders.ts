/** How lists of products and defects can be sorted: each order has an index that ends with the code. */
import type { KeyColumn, ListOrders } from '../storage/pagination.js';
import type { DefectRow, ProductRow } from '../storage/tables.js';
import { defects, products } from '../storage/tables.js';
import type { DefectOfProduct } from './productDefects.js';

const partNumber: KeyColumn<ProductRow> = { column: products.partNumber, kind: 'string', of: (row) => row.partNumber };
const code: KeyColumn<DefectRow> = { column: defects.code, kind: 'string', of: (row) => row.code };

export const PRODUCT_ORDERS: ListOrders<ProductRow, 'PART_NUMBER' | 'NAME' | 'CREATED_AT' | 'UPDATED_AT'> = {
  default: { field: 'PART_NUMBER', direction: 'ASC' },
  fields: { PART_NUMBER: [partNumber], ...others(products, partNumber) },
};

export const DEFECT_ORDERS: ListOrders<DefectRow, 'CODE' | 'NAME' | 'CREATED_AT' | 'UPDATED_AT'> = {
  default: { field: 'CODE', direction: 'ASC' },
  fields: { CODE: [code], ...others(defects, code) },
};

/** Sorted by productDefects.ts, not by the database. */
export const PRODUCT_DEFECT_ORDERS: ListOrders<DefectOfProduct, 'CODE'> = {
  default: { field: 'CODE', direction: 'ASC' },
  fields: { CODE: [{ ...code, of: ({ defect }) => defect.code }] },
};

function others<Row extends ProductRow | DefectRow>(
  { name, createdAt, updatedAt }: typeof products | typeof defects,
  last: KeyColumn<Row>,
): Record<'NAME' | 'CREATED_AT' | 'UPDATED_AT', readonly KeyColumn<Row>[]> {
  return {
    NAME: [{ column: name, kind: 'string', of: (row) => row.name }, last],
    CREATED_AT: [{ column: createdAt, kind: 'time', of: (row) => row.createdAt }, last],
    UPDATED_AT: [{ column: updatedAt, kind: 'time', of: (row) => row.updatedAt }, last],
  };
}
