/** A tenant's defects for each of several products, with a bound over all products of one request. */
import { ServiceError } from '../errors.js';
import type { DefectRow } from '../storage/tables.js';
import type { Coverage } from '../inference/index.js';
import type { ModelRegistry } from './modelRegistry.js';

export interface ProductDefectsQuery {
  /** The prompt name of the product. */
  readonly promptName: string;
  /** Undefined selects all. */
  readonly coverages: readonly Coverage[] | null | undefined;
  readonly model: string | null | undefined;
}

export type ProductDefects = readonly { readonly defect: DefectRow; readonly productPromptName: string }[];

const MAX_PRODUCT_DEFECTS = 50_000;

/** Throws QUERY_TOO_LARGE when the lists are too long in total. */
export function productDefects(
  defects: readonly DefectRow[],
  models: ModelRegistry,
  queries: readonly ProductDefectsQuery[],
): ProductDefects[] {
  let total = 0;
  return queries.map(({ promptName, coverages, model }) => {
    const bundle = models.find(model);
    const matching = defects.filter(
      (defect) => coverages == null || coverages.includes(models.coverage(bundle, promptName, defect.promptName)),
    );
    total += matching.length;
    if (total > MAX_PRODUCT_DEFECTS)
      throw new ServiceError(
        'QUERY_TOO_LARGE',
        `defects: there are more than ${String(MAX_PRODUCT_DEFECTS)} over the products of this request; filter by coverage, or request fewer products`,
        { field: 'defects', limit: 'productDefects', allowed: MAX_PRODUCT_DEFECTS },
      );
    return matching.map((defect) => ({ defect, productPromptName: promptName }));
  });
}
