import { useQuery } from 'urql';
import type { PhotographsOfProductQuery } from '../generated/graphql.ts';
import { AllowedAreaOfProductDocument, PhotographsOfProductDocument } from '../generated/graphql.ts';
import { usePages } from '../shared/usePages.ts';

const referencesOf = ({ product }: PhotographsOfProductQuery) => product?.references;

/** All photographs of a product, and its allowed area. Nothing is read while there is no part number. */
export function usePhotographs(partNumber: string | undefined) {
  const pause = partNumber === undefined;
  const variables = { partNumber: partNumber ?? '' };
  const references = usePages(PhotographsOfProductDocument, variables, referencesOf, { all: true, pause });
  const [{ data, error }, readArea] = useQuery({ query: AllowedAreaOfProductDocument, variables, pause });
  return {
    references: references.nodes,
    waiting: !pause && references.waiting,
    // While another product loads, there is nothing of the former one.
    allowedArea: (data?.product?.partNumber === partNumber ? data?.product?.allowedArea : undefined) ?? undefined,
    error: references.error ?? error,
    reload() {
      references.reload();
      readArea({ requestPolicy: 'network-only' });
    },
  };
}
