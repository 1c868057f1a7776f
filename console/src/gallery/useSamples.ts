import { startTransition, useCallback, useEffect, useRef, useState } from 'react';
import { useReader } from '../app/reader.ts';
import type { SampleFilter, SampleOrder, SamplePartsFragment } from '../generated/graphql.ts';
import { SamplesDocument } from '../generated/graphql.ts';

/** The largest page that the service gives. */
const PAGE = 100;

interface Loaded {
  readonly samples: readonly SamplePartsFragment[];
  readonly after: string | null;
  readonly more: boolean;
  readonly error?: Error | undefined;
}

const NOTHING: Loaded = { samples: [], after: null, more: true };

/** The samples that match, page after page. Another filter or order starts anew; answers to the former one are dropped. */
export function useSamples(filter: SampleFilter, orderBy: SampleOrder | null) {
  const reader = useReader();
  const [loaded, setLoaded] = useState<Loaded>(NOTHING);
  const key = JSON.stringify({ filter, orderBy });
  const turn = useRef(0);
  const state = useRef(loaded);
  const busy = useRef(false);

  const readPage = useCallback(async (): Promise<boolean> => {
    const mine = turn.current;
    const { after } = state.current;
    const variables = {
      first: PAGE,
      after,
      ...(JSON.parse(key) as { filter: SampleFilter; orderBy: SampleOrder | null }),
    };
    const { data, error } = await reader.query(SamplesDocument, variables);
    // Another page may have come first; and what was reviewed or deleted meanwhile stays so.
    if (mine !== turn.current || state.current.after !== after) return false;
    const { samples } = state.current;
    const page = data?.samples;
    const next: Loaded = {
      samples: page === undefined ? samples : [...samples, ...page.edges.map(({ node }) => node)],
      after: page?.pageInfo.endCursor ?? after,
      more: error === undefined && page?.pageInfo.hasNextPage === true,
      error,
    };
    state.current = next;
    // A scroll does not wait for the page to take more samples in.
    startTransition(() => setLoaded(next));
    return next.more;
  }, [reader, key]);

  const reload = useCallback(() => {
    turn.current += 1;
    state.current = NOTHING;
    void readPage();
  }, [readPage]);

  useEffect(reload, [reload]);

  const loadMore = useCallback(async () => {
    if (busy.current || !state.current.more) return;
    busy.current = true;
    await readPage();
    busy.current = false;
  }, [readPage]);

  const change = useCallback((edit: (samples: readonly SamplePartsFragment[]) => readonly SamplePartsFragment[]) => {
    state.current = { ...state.current, samples: edit(state.current.samples) };
    setLoaded(state.current);
  }, []);

  return { ...loaded, busy: loaded === NOTHING, loadMore, reload, change };
}
