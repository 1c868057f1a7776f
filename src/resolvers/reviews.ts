/** Reviews of samples, by a mutation for many at once and a subscription to everybody's; and their deletion. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { DateTime } from '../schema/dateTime.js';
import { followReviews } from '../generations/events/reviewEvents.js';
import { deleteSamples } from '../generations/samples/deleteSamples.js';
import type { ReviewOutcome } from '../generations/samples/reviews.js';
import { reviewSamples } from '../generations/samples/reviews.js';
import { DeleteSamplesPayload, ReviewSamplesInput, ReviewSamplesPayload, SampleReview } from '../schema/review.js';
import { Sample } from '../schema/sample.js';
import type { SampleRow } from '../storage/tables.js';
import { requireRecent } from './allEvents.js';
import type { Context } from './context.js';
import { inTurns } from './events.js';
import { RequiresRole } from './requiresRole.js';

@Resolver(() => Sample)
export class ReviewResolver {
  @FieldResolver(() => SampleReview)
  review(@Root() row: SampleRow): SampleReview {
    const { reviewState: state, reviewTags: tags, reviewComment: comment, reviewVersion: version } = row;
    return { state, tags, comment, version, reviewedBy: row.reviewedBy, reviewedAt: row.reviewedAt };
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => ReviewSamplesPayload, {
    description:
      'Reviews samples. A review that somebody else changed since the given version is a conflict and stays. To undo, give the former values with the new version.',
  })
  reviewSamples(
    @Arg('input', () => ReviewSamplesInput) input: ReviewSamplesInput,
    @Ctx() { scope }: Context,
  ): Promise<ReviewOutcome> {
    return reviewSamples(scope, input.reviews);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => DeleteSamplesPayload, {
    description:
      'Deletes samples with their images, all or none. They cannot be restored. Refused with SAMPLE_IN_USE while a generation or an export that needs one of them is not finished.',
  })
  async deleteSamples(
    @Arg('ids', () => [ID], { description: 'At most 200, each once.' }) ids: string[],
    @Ctx() { scope }: Context,
  ): Promise<DeleteSamplesPayload> {
    return { deletedIds: await deleteSamples(scope, ids) };
  }

  @Subscription(() => Sample, {
    description:
      'The samples of the tenant whose reviews change. The stream does not end. After a reconnect, pass as `since` a time one minute before the last change that you saw; you then get some samples again.',
    subscribe: ({ args, context }: { args: unknown; context: unknown }) =>
      reviewsOf(args as { since?: Date | null }, context as Context) as never,
  })
  sampleReviews(
    @Root() id: string,
    @Arg('since', () => DateTime, {
      nullable: true,
      description: 'Also the changes from then on, up to a day ago. Default: only changes that follow.',
    })
    _since: Date | null,
    @Ctx() context: Context,
  ): Promise<SampleRow> {
    context.resetLoaders();
    return context.loaders.sample.load(id);
  }
}

function reviewsOf({ since }: { since?: Date | null }, { scope, services }: Context): AsyncIterable<string> {
  requireRecent(since, 'query samples');
  return inTurns(followReviews(scope, since ?? undefined, services.waiters), () => services.turns.next(scope.tenantId));
}
