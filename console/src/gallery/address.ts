/** What the page shows, as the address says it: ?product=…&review=ACCEPTED&confidence=0.5..&order=confidence DESC&view=mask */
import type { FloatRange, ReviewState, SampleFilter } from '../generated/graphql.ts';
import type { Entries } from '../shared/useKeptInAddress.ts';
import type { View } from '../shared/SampleView.tsx';
import { VIEWS } from '../shared/SampleView.tsx';
import type { Order } from './filters.ts';
import { isKept, KEPT_SAMPLES, MEASURES, ORDERS } from './filters.ts';

const ACCEPTED: ReviewState[] = ['ACCEPTED'];
const STATES: readonly ReviewState[] = ['UNREVIEWED', 'ACCEPTED', 'REJECTED'];
/** Of `review`: rejected ones too. */
const ALL = 'ALL';

export interface Shown {
  readonly filter: SampleFilter;
  readonly order: Order;
  readonly view: View;
}

export function fromAddress(): Shown {
  const query = new URLSearchParams(window.location.search);
  return {
    filter: filterFromAddress(),
    order: ORDERS.find((one) => one === query.get('order')) ?? 'newest',
    view: VIEWS.find((one) => one === query.get('view')) ?? 'image',
  };
}

export function filterFromAddress(): SampleFilter {
  const query = new URLSearchParams(window.location.search);
  const state = STATES.find((one) => one === query.get('review'));
  const entries = {
    generationId: query.get('generation'),
    partNumber: query.get('product'),
    defectCode: query.get('defect'),
    review: query.has('accepted') ? ACCEPTED : state === undefined ? null : [state],
    ...Object.fromEntries(MEASURES.map((measure) => [measure, rangeOf(query.get(measure))])),
  };
  const given = Object.entries(entries).filter(([, value]) => value !== null);
  const all = entries.generationId !== null || query.get('review') === ALL;
  return { ...(!all && KEPT_SAMPLES), ...Object.fromEntries(given) };
}

export function entriesOf({ filter, order, view }: Shown): Entries {
  const [state] = filter.review ?? [];
  return {
    generation: filter.generationId,
    product: filter.partNumber,
    defect: filter.defectCode,
    review: isKept(filter) ? undefined : (state ?? (filter.generationId == null ? ALL : undefined)),
    ...Object.fromEntries(MEASURES.map((measure) => [measure, textOf(filter[measure])])),
    order: order === 'newest' ? undefined : order,
    view: view === 'image' ? undefined : view,
  };
}

function textOf(range: FloatRange | null | undefined): string | undefined {
  return range == null ? undefined : `${String(range.min ?? '')}..${String(range.max ?? '')}`;
}

function rangeOf(text: string | null): FloatRange | null {
  const [min = NaN, max = NaN] = (text ?? '').split('..').map(Number.parseFloat);
  if (Number.isNaN(min) && Number.isNaN(max)) return null;
  return { ...(!Number.isNaN(min) && { min }), ...(!Number.isNaN(max) && { max }) };
}
