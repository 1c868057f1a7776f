import type {
  FloatRange,
  OrderDirection,
  ReviewState,
  SampleFilter,
  SampleMeasure,
  SampleOrder,
  SamplePartsFragment,
} from '../generated/graphql.ts';

/** The numbers of a sample that can be filtered, sorted, and shown as histograms. */
export const MEASURES = ['strength', 'areaFraction', 'confidence', 'visibility', 'agreement', 'seam'] as const;
export type Measure = (typeof MEASURES)[number];

/** As the API names them. */
export const MEASURE_NAMES: Record<Measure, SampleMeasure> = {
  strength: 'STRENGTH',
  areaFraction: 'AREA_FRACTION',
  confidence: 'CONFIDENCE',
  visibility: 'VISIBILITY',
  agreement: 'AGREEMENT',
  seam: 'SEAM',
};

/** A measure with a direction, or the time; the newest generation first is the order without one. */
export const ORDERS = [
  'newest',
  'oldest',
  ...MEASURES.flatMap((one) => [`${one} DESC`, `${one} ASC`] as const),
] as const;
export type Order = (typeof ORDERS)[number];

export function orderBy(order: Order): SampleOrder | null {
  if (order === 'newest') return null;
  if (order === 'oldest') return { field: 'CREATED_AT', direction: 'ASC' };
  const [measure, direction] = order.split(' ') as [Measure, OrderDirection];
  return { field: MEASURE_NAMES[measure], direction };
}

export function valueOf(sample: SamplePartsFragment, measure: Measure): number | undefined {
  if (measure === 'strength' || measure === 'areaFraction') return sample[measure];
  if (measure === 'confidence') return sample.confidence ?? undefined;
  return sample.scores?.[measure];
}

export function withRange(filter: SampleFilter, measure: Measure, range: FloatRange | undefined): SampleFilter {
  const { [measure]: _former, ...others } = filter;
  return range === undefined ? others : { ...others, [measure]: range };
}

/** What the filter lets through apart from its ranges, over which the histograms are. */
export function withoutRanges(filter: SampleFilter): SampleFilter {
  return Object.fromEntries(Object.entries(filter).filter(([name]) => !(MEASURES as readonly string[]).includes(name)));
}

/** All but what was rejected: drafts are (draw/setAsideDraft.ts), and what somebody rejected. */
export const KEPT: ReviewState[] = ['UNREVIEWED', 'ACCEPTED'];
export const KEPT_SAMPLES: SampleFilter = { review: KEPT };

export function isKept(filter: SampleFilter): boolean {
  return JSON.stringify(filter.review) === JSON.stringify(KEPT);
}

export function isUnfiltered(filter: SampleFilter): boolean {
  return Object.keys(filter).length === 1 && isKept(filter);
}

/** The page that exports, with what is accepted of the filter's product and defect. */
export function exportOfAccepted({ partNumber, defectCode }: SampleFilter): string {
  const given = Object.entries({ product: partNumber, defect: defectCode });
  const chosen = given.flatMap(([name, value]) => (value == null ? [] : [[name, value]]));
  return `/exports?${new URLSearchParams([...chosen, ['accepted', '']]).toString()}`;
}
