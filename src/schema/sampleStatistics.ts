import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { SampleMeasure as Measure } from '../generations/samples/sampleMeasures.js';
import { SAMPLE_MEASURES } from '../generations/samples/sampleMeasures.js';
import { NAMED_SAMPLE_ORDERS } from '../generations/samples/sampleOrder.js';
import { orderInput } from './connection.js';

type Names<T extends string> = { readonly [K in T]: K };

export const SampleMeasure = Object.fromEntries(
  Object.keys(SAMPLE_MEASURES).map((name) => [name, name]),
) as Names<Measure>;

registerEnumType(SampleMeasure, { name: 'SampleMeasure', description: 'The numbers that samples have, or can have.' });

export const SampleOrder = orderInput(
  'Sample',
  NAMED_SAMPLE_ORDERS,
  'Samples with the same value are sorted by id; those without a value come last.',
);

@ObjectType()
export class ReviewCounts {
  @Field(() => Int)
  unreviewed!: number;

  @Field(() => Int)
  accepted!: number;

  @Field(() => Int)
  rejected!: number;
}

@ObjectType({ description: 'How the samples that match are spread over one of their numbers.' })
export class SampleHistogram {
  @Field(() => SampleMeasure)
  measure!: Measure;

  @Field(() => Float, { nullable: true, description: 'The smallest value; null if no sample has one.' })
  minimum!: number | null;

  @Field(() => Float, { nullable: true, description: 'The largest value; null if no sample has one.' })
  maximum!: number | null;

  @Field(() => [Int], {
    description: 'How many samples are in each bin. The bins have equal widths, from `minimum` to `maximum`.',
  })
  counts!: readonly number[];

  @Field(() => Int, { description: 'Samples without the number.' })
  missing!: number;
}

@ObjectType({
  description:
    'At most 100,000 of the samples that match are counted; if there are more, `complete` is false. Histograms are of at most 20,000 of them.',
})
export class SampleStatistics {
  @Field(() => Int)
  count!: number;

  @Field(() => Boolean, { description: 'False if more samples match than were counted.' })
  complete!: boolean;

  @Field(() => ReviewCounts)
  reviews!: ReviewCounts;
}
