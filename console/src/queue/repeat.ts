import type { GenerateDefectsInput, GenerationsQuery, UnfinishedGenerationsQuery } from '../generated/graphql.ts';

export type Row = GenerationsQuery['generations']['edges'][number]['node'];
export type Unfinished = UnfinishedGenerationsQuery['generations']['edges'][number]['node'];

/** The request as it was, with the seed that was used, under no idempotency key: the same pictures, drawn again. */
export function asItWas({ request }: Row): GenerateDefectsInput {
  const { idempotencyKey: _used, ...input } = request.input as GenerateDefectsInput;
  return { ...input, seed: request.seed };
}

/** The address of the page that draws, which fills its fields with the request. */
export function withChanges({ id }: Row): string {
  return `/?repeat=${encodeURIComponent(id)}`;
}
