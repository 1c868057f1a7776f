import { useQuery } from 'urql';
import type { SampleFilter, StatisticsQuery } from '../generated/graphql.ts';
import { StatisticsDocument } from '../generated/graphql.ts';
import { MEASURE_NAMES, withoutRanges } from './filters.ts';

const BINS = 24;
const MEASURES = Object.values(MEASURE_NAMES);

export type Histogram = StatisticsQuery['spread']['histograms'][number];

/** How many samples match, and histograms of all that would without the ranges of the filter: the database counts. */
export function useStatistics(filter: SampleFilter) {
  const [{ data, stale, error }, read] = useQuery({
    query: StatisticsDocument,
    variables: { filter, withoutRanges: withoutRanges(filter), measures: MEASURES, bins: BINS },
    requestPolicy: 'cache-and-network',
  });
  return {
    shown: data?.shown,
    histograms: data?.spread.histograms ?? [],
    stale,
    error,
    recount: () => read({ requestPolicy: 'network-only' }),
  };
}
