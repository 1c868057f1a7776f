/** The photographs that the service selects where a request names none. */
import { badInput } from '../../errors.js';
import type { ProductRow, ReferenceRow } from '../../storage/tables.js';
import type { InputImages } from './inputImages.js';

/** As many as there are scenes, starting at one that the seed selects, so that the same request uses the same photographs. */
export function inTurn(all: readonly ReferenceRow[], scenes: number, seed: number): readonly ReferenceRow[] {
  return Array.from({ length: Math.min(scenes, all.length) }, (_, i) => all[(seed + i) % all.length] as ReferenceRow);
}

/** @throws ServiceError if the product has none */
export function goodInTurn(
  images: InputImages,
  product: ProductRow,
  { scenes, seed, field }: { readonly scenes: number; readonly seed: number; readonly field: string },
): readonly ReferenceRow[] {
  const all = images.goodOfProduct(product.id);
  if (all.length === 0)
    throw badInput(field, 'the product has no photograph of a good part; upload one with createUpload');
  return inTurn(all, scenes, seed);
}
