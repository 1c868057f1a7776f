/** Filters name products and defects by the tenant's codes; rows point to ids. */
import { optionalText } from '../text.js';
import type { Context } from './context.js';

interface CodeFilter {
  readonly partNumber?: string | null;
  readonly defectCode?: string | null;
}

/** A code that is not in the catalog becomes an empty list, which nothing matches. */
export async function catalogIds({ partNumber, defectCode }: CodeFilter, { catalog }: Context) {
  const part = optionalText(partNumber, 'filter.partNumber');
  const code = optionalText(defectCode, 'filter.defectCode');
  const products = part === undefined ? undefined : await catalog.productsByPartNumber([part]);
  const defects = code === undefined ? undefined : await catalog.defectsByCode([code]);
  return { productIds: products?.map(({ id }) => id), defectIds: defects?.map(({ id }) => id) };
}
