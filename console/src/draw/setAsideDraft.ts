import type { Client } from 'urql';
import { ReviewSamplesDocument } from '../generated/graphql.ts';

const DRAFT = 'draft';

/** A draft is a sample like any other; rejected and tagged, it stays out of the gallery and of exports until asked for. */
export async function setAsideDraft(client: Client, sampleId: string): Promise<void> {
  const review = { sampleId, version: 0, state: 'REJECTED' as const, tags: [DRAFT] };
  await client.mutation(ReviewSamplesDocument, { input: { reviews: [review] } });
}
