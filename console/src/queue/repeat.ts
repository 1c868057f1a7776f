import type { GenerateDefectsInput, GenerationsQuery } from '../generated/graphql.ts';

export type Row = GenerationsQuery['generations']['edges'][number]['node'];

/** The request as it was, with the seed that was used, under no idempotency key: the same pictures, drawn again. */
export function asItWas({ request }: Row): GenerateDefectsInput {
  const { idempotencyKey: _used, ...input } = request.input as GenerateDefectsInput;
  return { ...input, seed: request.seed };
}

/** The address of the page that draws, with the fields filled in. */
export function withChanges({ product, defect, request }: Row): string {
  const fields = new URLSearchParams({
    product: product.partNumber,
    defect: defect.code,
    strength: String(request.strength.min),
    count: String(request.count),
    seed: String(request.seed),
    model: request.model,
  });
  return `/?${fields.toString()}`;
}
