/**
 * How many items a field can return, by what the query says. http/queryLimits.ts prices queries by it, and the schema of
 * a subgraph declares it as `@listSize`.
 */
import { MAX_REVIEWS } from '../generations/samples/reviews.js';
import { MAX_PRODUCT_DEFECTS } from '../catalog/productDefects.js';

/** Entities that a router can ask for at once. */
export const MAX_ENTITIES = 100;

/** Lists without pages whose length depends on the data. Everything below is counted once per item. */
export const LIST_LENGTHS: Readonly<Record<string, number>> = {
  'Product.defects': MAX_PRODUCT_DEFECTS,
  'ReviewSamplesPayload.samples': MAX_REVIEWS,
  'ReviewSamplesPayload.conflicts': MAX_REVIEWS,
  'Query._entities': MAX_ENTITIES,
};

/** Whether a type is a page, of which `first` gives the length. */
export function isPage(typeName: string): boolean {
  return typeName.endsWith('Connection');
}
