/** A tenant's defects for each of several products: by pages, or as one short list. */
import { ServiceError } from '../errors.js';
import type { Coverage } from '../inference/index.js';
import type { Page, PageRequest } from '../storage/pagination.js';
import { page } from '../storage/pagination.js';
import type { DefectRow } from '../storage/tables.js';
import type { ModelRegistry } from './modelRegistry.js';

export interface ProductDefectsQuery {
  /** The prompt name of the product. */
  readonly promptName: string;
  /** Undefined selects all. */
  readonly coverages: readonly Coverage[] | null | undefined;
  readonly model: string | null | undefined;
  /** Undefined asks for the whole list, which must be short. */
  readonly request: PageRequest | undefined;
}

export interface DefectOfProduct {
  readonly defect: DefectRow;
  readonly productPromptName: string;
}

/** Of one product, where the list has no pages. */
export const MAX_PRODUCT_DEFECTS = 200;

/**
 * @param defects all of the tenant's
 * @returns for each query its page, or QUERY_TOO_LARGE for a list without pages that is too long
 */
export function productDefects(
  defects: readonly DefectRow[],
  models: ModelRegistry,
  queries: readonly ProductDefectsQuery[],
): (Page<DefectOfProduct> | ServiceError)[] {
  // By code units, whatever the collation of the database: a page goes on behind its cursor.
  const sorted = [...defects].sort((a, b) => (a.code < b.code ? -1 : 1));
  return queries.map(({ promptName, coverages, model, request }) => {
    const bundle = models.find(model);
    const last = request?.after?.[0];
    const most = request === undefined ? MAX_PRODUCT_DEFECTS : request.first;
    const found: DefectOfProduct[] = [];
    for (const defect of sorted) {
      if (found.length > most) break;
      if (last !== undefined && defect.code <= String(last)) continue;
      if (coverages != null && !coverages.includes(models.coverage(bundle, promptName, defect.promptName))) continue;
      found.push({ defect, productPromptName: promptName });
    }
    if (request !== undefined) return page(found, request);
    return found.length > most ? tooMany() : { rows: found, hasNextPage: false };
  });
}

function tooMany(): ServiceError {
  return new ServiceError(
    'QUERY_TOO_LARGE',
    `defects: there are more than ${String(MAX_PRODUCT_DEFECTS)}; use \`pairs\`, which has pages, or filter by coverage`,
    { field: 'defects', limit: 'productDefects', allowed: MAX_PRODUCT_DEFECTS },
  );
}
