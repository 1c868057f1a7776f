import type { DefectNamesQuery, ProductNamesQuery } from '../generated/graphql.ts';
import { DefectNamesDocument, ProductNamesDocument } from '../generated/graphql.ts';
import { usePages } from './usePages.ts';

const productsOf = ({ products }: ProductNamesQuery) => products;
const defectsOf = ({ defects }: DefectNamesQuery) => defects;

/** All products and defects of the catalog, for fields in which one is chosen. */
export function useCatalogNames() {
  const products = usePages(ProductNamesDocument, {}, productsOf, { all: true });
  const defects = usePages(DefectNamesDocument, {}, defectsOf, { all: true });
  return { products: products.nodes, defects: defects.nodes, error: products.error ?? defects.error };
}
