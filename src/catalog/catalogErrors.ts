/** Errors for products and defects that the catalog does not have or that are archived. */
import { ServiceError, joinNames, quote } from '../errors.js';
import type { DefectRow, ProductRow } from '../storage/tables.js';
import type { Catalog } from './catalog.js';
import { inOtherCase } from './suggestions.js';

const NAMES_IN_ERROR = 20;

export async function unknownProduct(catalog: Catalog, partNumber: string, field: string): Promise<ServiceError> {
  const names = await catalog.partNumbers(1000);
  const suggestions = await catalog.partNumbersInOtherCase(partNumber);
  return new ServiceError(
    'UNKNOWN_PRODUCT',
    `${field}: there is no product ${quote(partNumber)}${inOtherCase(suggestions)}; there are: ${joinNames(names, NAMES_IN_ERROR)}`,
    { field, available: names.slice(0, NAMES_IN_ERROR), ...(suggestions.length > 0 && { suggestions }) },
  );
}

export async function unknownDefect(catalog: Catalog, code: string, field: string): Promise<ServiceError> {
  const codes = await catalog.defectCodes(1000);
  const suggestions = await catalog.defectCodesInOtherCase(code);
  return new ServiceError(
    'UNKNOWN_DEFECT',
    `${field}: there is no defect ${quote(code)}${inOtherCase(suggestions)}; there are: ${joinNames(codes, NAMES_IN_ERROR)}`,
    { field, available: codes.slice(0, NAMES_IN_ERROR), ...(suggestions.length > 0 && { suggestions }) },
  );
}

/** Archived items can be read, but nothing new is drawn of them. */
export function requireActive(product: ProductRow, defect: DefectRow, at: string): void {
  if (product.archivedAt !== null)
    throw new ServiceError(
      'PRODUCT_ARCHIVED',
      `${at}.partNumber: product ${quote(product.partNumber)} is archived since ${product.archivedAt.toISOString()}; restore it with unarchiveProduct or an import`,
      { field: `${at}.partNumber` },
    );
  if (defect.archivedAt !== null)
    throw new ServiceError(
      'DEFECT_ARCHIVED',
      `${at}.defectCode: defect ${quote(defect.code)} is archived since ${defect.archivedAt.toISOString()}; restore it with unarchiveDefect or an import`,
      { field: `${at}.defectCode` },
    );
}
