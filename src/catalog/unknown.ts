/** What a caller is told who names something that the catalog does not have. */
import { ServiceError, listed, quote } from '../errors.js';
import type { Catalog } from './catalog.js';

const NAMES_IN_ERROR = 20;

export async function unknownProduct(catalog: Catalog, partNumber: string, field: string): Promise<ServiceError> {
  const names = await catalog.partNumbers(1000);
  return new ServiceError(
    'UNKNOWN_PRODUCT',
    `${field}: there is no product ${quote(partNumber)}; there are: ${listed(names, NAMES_IN_ERROR)}`,
    { field, available: names.slice(0, NAMES_IN_ERROR) },
  );
}

export async function unknownDefect(catalog: Catalog, code: string, field: string): Promise<ServiceError> {
  const codes = await catalog.defectCodes(1000);
  return new ServiceError(
    'UNKNOWN_DEFECT',
    `${field}: there is no defect ${quote(code)}; there are: ${listed(codes, NAMES_IN_ERROR)}`,
    { field, available: codes.slice(0, NAMES_IN_ERROR) },
  );
}
