import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { ReviewState } from './enums.js';
import { Sample } from './sample.js';

@ObjectType({ description: 'What people say of a sample.' })
export class SampleReview {
  @Field(() => ReviewState)
  state!: keyof typeof ReviewState;

  @Field(() => [String])
  tags!: readonly string[];

  @Field(() => String, { description: 'Empty if there is none.' })
  comment!: string;

  @Field(() => Int, { description: 'Rises with each change, from 0.' })
  version!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Who changed it last, as in `caller.subject`; null if it was never reviewed.',
  })
  reviewedBy!: string | null;

  @Field(() => DateTime, { nullable: true })
  reviewedAt!: Date | null;
}

@InputType({ description: 'The review of one sample. What is left out stays.' })
export class SampleReviewInput {
  @Field(() => ID)
  sampleId!: string;

  @Field(() => Int, {
    description: 'The version of the review that you saw. If it is another one now, the review is a conflict.',
  })
  version!: number;

  @Field(() => ReviewState, { nullable: true })
  state?: keyof typeof ReviewState | null;

  @Field(() => [String], { nullable: true, description: 'All tags, at most 20 with 50 characters each.' })
  tags?: string[] | null;

  @Field(() => String, { nullable: true, description: 'At most 2000 characters; empty to remove it.' })
  comment?: string | null;
}

@InputType()
export class ReviewSamplesInput {
  @Field(() => [SampleReviewInput], { description: 'At most 200, each sample once.' })
  reviews!: SampleReviewInput[];
}

@ObjectType()
export class ReviewSamplesPayload {
  @Field(() => [Sample], { description: 'The samples with the reviews that were given, in the order of the input.' })
  samples!: readonly Sample[];

  @Field(() => [Sample], {
    description:
      'The samples that somebody else reviewed since the given version, with that review. Nothing of them was changed.',
  })
  conflicts!: readonly Sample[];
}

@ObjectType()
export class DeleteSamplesPayload {
  @Field(() => [ID], { description: 'In the order of the input.' })
  deletedIds!: readonly string[];
}
