import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { SampleMeasure as Measure } from '../generations/samples/sampleMeasures.js';
import type { SampleConditions } from '../generations/samples/sampleConditions.js';
import type { SampleCounts, SampleHistogram as Histogram } from '../generations/samples/sampleStatistics.js';
import { HISTOGRAM_BINS, countSamples, sampleHistograms } from '../generations/samples/sampleStatistics.js';
import { requireInRange } from '../range.js';
import { requireEachOnce } from '../requireEachOnce.js';
import { SampleFilter } from '../schema/sample.js';
import { ReviewCounts, SampleHistogram, SampleMeasure, SampleStatistics } from '../schema/sampleStatistics.js';
import type { Context } from './context.js';
import { sampleConditions } from './filters.js';

/** Counted when a field first asks for it, and once. */
class Statistics {
  #counts: Promise<SampleCounts> | undefined;

  constructor(
    readonly conditions: SampleConditions,
    readonly count: () => Promise<SampleCounts>,
  ) {}

  counts(): Promise<SampleCounts> {
    return (this.#counts ??= this.count());
  }
}

@Resolver(() => SampleStatistics)
export class SampleStatisticsResolver {
  @Query(() => SampleStatistics, { description: 'Counts and histograms of the samples that match.' })
  sampleStatistics(
    @Arg('filter', () => SampleFilter, { nullable: true }) filter: SampleFilter | null,
    @Ctx() { scope, loaders }: Context,
  ): Statistics {
    const conditions = sampleConditions(filter);
    return new Statistics(conditions, () => loaders.inTurn(() => countSamples(scope, conditions)));
  }

  @FieldResolver(() => Int)
  async count(@Root() statistics: Statistics): Promise<number> {
    return (await statistics.counts()).count;
  }

  @FieldResolver(() => Boolean)
  async complete(@Root() statistics: Statistics): Promise<boolean> {
    return (await statistics.counts()).complete;
  }

  @FieldResolver(() => ReviewCounts)
  async reviews(@Root() statistics: Statistics): Promise<ReviewCounts> {
    const { UNREVIEWED: unreviewed, ACCEPTED: accepted, REJECTED: rejected } = (await statistics.counts()).reviews;
    return { unreviewed, accepted, rejected };
  }

  @FieldResolver(() => [SampleHistogram], { description: 'One for each measure, in their order.' })
  histograms(
    @Root() { conditions }: Statistics,
    @Arg('measures', () => [SampleMeasure], { nullable: true, description: 'Default: all. Each once.' })
    given: Measure[] | null | undefined,
    @Arg('bins', () => Int, { defaultValue: HISTOGRAM_BINS.default, description: '1 … 100.' }) bins: number,
    @Ctx() { scope, loaders }: Context,
  ): Promise<readonly Histogram[]> {
    requireInRange(bins, HISTOGRAM_BINS, 'bins');
    const measures = given ?? (Object.keys(SampleMeasure) as Measure[]);
    requireEachOnce(measures, (i) => `measures[${String(i)}]`, String);
    return loaders.inTurn(() => sampleHistograms(scope, conditions, measures, bins));
  }
}
