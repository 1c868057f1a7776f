import type { FloatRange, ReviewState, SampleFilter, SamplePartsFragment } from '../generated/graphql.ts';

/** The numbers of a sample that can be filtered, sorted, and shown as histograms. */
export const MEASURES = ['strength', 'areaFraction', 'confidence', 'visibility', 'agreement', 'seam'] as const;
export type Measure = (typeof MEASURES)[number];

export const BOUNDS: Record<Measure, readonly [number, number]> = {
  strength: [0, 5],
  areaFraction: [0, 1],
  confidence: [0, 1],
  visibility: [0, 255],
  agreement: [0, 1],
  seam: [0, 50],
};

export const ORDERS = ['newest', ...MEASURES] as const;
export type Order = (typeof ORDERS)[number];

export function valueOf(sample: SamplePartsFragment, measure: Measure): number | undefined {
  if (measure === 'strength' || measure === 'areaFraction') return sample[measure];
  if (measure === 'confidence') return sample.confidence ?? undefined;
  return sample.scores?.[measure];
}

/** The order in which they came, or from the largest value to the smallest; those without a value come last. */
export function sorted(samples: readonly SamplePartsFragment[], order: Order): readonly SamplePartsFragment[] {
  if (order === 'newest') return samples;
  return samples.toSorted((a, b) => (valueOf(b, order) ?? -Infinity) - (valueOf(a, order) ?? -Infinity));
}

export function withRange(filter: SampleFilter, measure: Measure, range: FloatRange | undefined): SampleFilter {
  const { [measure]: _former, ...others } = filter;
  return range === undefined ? others : { ...others, [measure]: range };
}

/** All but what was rejected: drafts are (draw/setAsideDraft.ts), and what somebody rejected. */
export const KEPT: ReviewState[] = ['UNREVIEWED', 'ACCEPTED'];
export const KEPT_SAMPLES: SampleFilter = { review: KEPT };

export function isKept(filter: SampleFilter): boolean {
  return JSON.stringify(filter.review) === JSON.stringify(KEPT);
}

export function filterFromAddress(): SampleFilter {
  const query = new URLSearchParams(window.location.search);
  const entries = {
    generationId: query.get('generation'),
    partNumber: query.get('product'),
    defectCode: query.get('defect'),
  };
  const given = Object.entries(entries).filter(([, value]) => value !== null);
  return { ...(entries.generationId === null && KEPT_SAMPLES), ...Object.fromEntries(given) };
}
