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
  /** Of the query. */
  readonly model: string | null | undefined;
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
  const rising = [...defects].sort((a, b) => (a.code < b.code ? -1 : 1));
  const falling = rising.toReversed();
  return queries.map((query) => {
    const { request } = query;
    const isWanted = coverageCondition(models, query);
    const most = request?.size ?? MAX_PRODUCT_DEFECTS;
    const found: DefectOfProduct[] = [];
    for (const defect of readsFalling(request) ? falling : rising) {
      if (found.length > most) break;
      if (isWithin(defect.code, request) && isWanted(defect)) {
        found.push({ defect, productPromptName: query.promptName, model: query.model });
      }
    }
    if (request !== undefined) return page(found, request);
    return found.length > most ? tooMany() : { rows: found, hasNextPage: false, hasPreviousPage: false };
  });
}

export function countProductDefects(
  defects: readonly DefectRow[],
  models: ModelRegistry,
  query: Omit<ProductDefectsQuery, 'request'>,
): number {
  return defects.filter(coverageCondition(models, query)).length;
}

function coverageCondition(
  models: ModelRegistry,
  { promptName, coverages, model }: Omit<ProductDefectsQuery, 'request'>,
): (defect: DefectRow) => boolean {
  const bundle = models.find(model);
  return (defect) => coverages == null || coverages.includes(models.coverage(bundle, promptName, defect.promptName));
}

function readsFalling(request: PageRequest | undefined): boolean {
  return request !== undefined && (request.direction === 'DESC') !== request.fromEnd;
}

function isWithin(code: string, request: PageRequest | undefined): boolean {
  const [after] = request?.after ?? [];
  const [before] = request?.before ?? [];
  const [above, below] = request?.direction === 'DESC' ? [before, after] : [after, before];
  return (above === undefined || code > String(above)) && (below === undefined || code < String(below));
}

function tooMany(): ServiceError {
  return new ServiceError(
    'QUERY_TOO_LARGE',
    `defects: there are more than ${String(MAX_PRODUCT_DEFECTS)}; use \`pairs\`, which has pages, or filter by coverage`,
    { field: 'defects', limit: 'productDefects', allowed: MAX_PRODUCT_DEFECTS },
  );
}
