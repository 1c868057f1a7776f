/** A tenant's defects as they concern its products, bounded over all products of one request. */
import { ServiceError } from '../errors.js';
import type { DefectRow } from '../storage/tables.js';
import type { Coverage, Models } from './models.js';

export interface DefectsAsked {
  /** The product's. */
  readonly promptName: string;
  /** Undefined: all. */
  readonly coverages: readonly Coverage[] | null | undefined;
  readonly model: string | null | undefined;
}

export type ProductDefects = readonly { readonly defect: DefectRow; readonly productPromptName: string }[];

const MOST = 50_000;

/** Throws QUERY_TOO_LARGE when the lists are too long together. */
export function productDefects(
  defects: readonly DefectRow[],
  models: Models,
  asked: readonly DefectsAsked[],
): ProductDefects[] {
  let total = 0;
  return asked.map(({ promptName, coverages, model }) => {
    const bundle = models.find(model);
    const wanted = defects.filter(
      (defect) => coverages == null || coverages.includes(models.coverage(bundle, promptName, defect.promptName)),
    );
    total += wanted.length;
    if (total > MOST)
      throw new ServiceError(
        'QUERY_TOO_LARGE',
        `defects: there are more than ${String(MOST)} over the products of this request; ask for a coverage, or for fewer products`,
        { field: 'defects', limit: 'productDefects', allowed: MOST },
      );
    return wanted.map((defect) => ({ defect, productPromptName: promptName }));
  });
}
