import { useCallback, useSyncExternalStore } from 'react';
import { useClient } from 'urql';
import { currentUrl, listen, renewUrl, succeeded } from './freshUrls.ts';

export interface FreshUrl {
  readonly current: string;
  readonly onLoad: () => void;
  /** Asks for a new URL, which is then `current`. */
  readonly onError: () => void;
}

/** @param owner the id of the sample, photograph, training, or export whose file it is */
export function useFreshUrl(owner: string, url: string): FreshUrl {
  const client = useClient();
  const current = useSyncExternalStore(listen, () => currentUrl(url));
  return {
    current,
    onLoad: useCallback(() => succeeded(current), [current]),
    onError: useCallback(() => void renewUrl(client, owner, current), [client, owner, current]),
  };
}
