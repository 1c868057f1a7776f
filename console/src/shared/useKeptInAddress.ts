import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';

/** Browsers refuse to write an address at every step of a slider. */
const WRITE_AFTER_MS = 100;

export type Entries = Readonly<Record<string, string | number | null | undefined>>;

interface Options {
  /** The address stays as it is. */
  readonly pause?: boolean;
  /** What an address cannot say, kept beside it: it is there after a reload and on the way back. */
  readonly state?: unknown;
}

/** Keeps what was chosen in the address of the page, so that it can be reloaded, gone back to, and handed on. */
export function useKeptInAddress(entries: Entries, { pause = false, state }: Options = {}): void {
  const [path] = useState(window.location.pathname);
  const write = useDebouncedCallback((query: string | undefined, kept: unknown) => {
    // While the next page loads, this one is still there.
    if (window.location.pathname !== path) return;
    const address = query === undefined ? undefined : query === '' ? path : `${path}?${query}`;
    window.history.replaceState(kept === undefined ? window.history.state : { kept }, '', address);
  }, WRITE_AFTER_MS);
  const query = pause ? undefined : queryOf(entries);
  useEffect(() => {
    if (query !== undefined || state !== undefined) write(query, state);
  }, [query, state, write]);
}

/** The state that was kept at this place of the history. */
export function keptState<State>(): State | undefined {
  return (window.history.state as { readonly kept?: State } | null)?.kept;
}

function queryOf(entries: Entries): string {
  const chosen = Object.entries(entries).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(chosen.map(([name, value]) => [name, String(value)])).toString();
}
