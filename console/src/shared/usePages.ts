import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useClient } from 'urql';
import type { AnyVariables, CombinedError, TypedDocumentNode } from 'urql';

interface Connection<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

interface Options {
  /** All pages, one after the other, instead of one more with each `loadMore`. */
  readonly all?: boolean;
  readonly pause?: boolean;
}

export interface Pages<Node> {
  readonly nodes: readonly Node[];
  /** Whether there are pages that are not loaded. */
  readonly more: boolean;
  /** Whether nothing has been answered yet. */
  readonly waiting: boolean;
  readonly error: CombinedError | undefined;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

interface Loaded<Data> {
  readonly key: string;
  readonly pages: readonly Data[];
  readonly error?: CombinedError | undefined;
}

interface Opened<Data> {
  readonly after: string | null;
  close: () => void;
  data: Data | undefined;
  failed: boolean;
}

/**
 * The nodes of a list, however long it is. Each page stays connected to the cache, so that what mutations and events
 * change is shown. If the end of a page moves, the pages after it are read again.
 * @param connectionOf a function that stays the same
 */
export function usePages<Data, Variables extends AnyVariables, Node>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  connectionOf: (data: Data) => Connection<Node> | undefined,
  { all = false, pause = false }: Options = {},
): Pages<Node> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const [{ pages, error, key: loadedKey }, setLoaded] = useState<Loaded<Data>>({ key, pages: [] });
  const [turn, setTurn] = useState(0);
  const wanted = useRef(1);
  const openNext = useRef<(() => void) | undefined>(undefined);

  useEffect(() => {
    if (pause) return;
    const opened: Opened<Data>[] = [];
    let ended = false;
    const close = (from: number) => opened.splice(from).forEach((page) => page.close());
    const show = (failure?: CombinedError) =>
      setLoaded({ key, pages: opened.flatMap(({ data }) => (data === undefined ? [] : [data])), error: failure });

    function continueAfter(index: number) {
      const page = opened[index]?.data;
      const info = page === undefined ? undefined : connectionOf(page)?.pageInfo;
      if (info === undefined) return;
      if (!info.hasNextPage) return close(index + 1);
      const next = opened[index + 1];
      if (next !== undefined && next.after !== info.endCursor) close(index + 1);
      if (opened[index + 1] === undefined && (all || index + 1 < wanted.current)) open(index + 1, info.endCursor);
    }

    function open(index: number, after: string | null) {
      const own: Opened<Data> = { after, close: () => undefined, data: undefined, failed: false };
      opened[index] = own;
      const given = { ...(JSON.parse(key) as object), after } as unknown as Variables;
      const policy = { requestPolicy: turn === 0 ? 'cache-and-network' : 'network-only' } as const;
      const { unsubscribe } = client.query(document, given, policy).subscribe((result) => {
        if (ended || opened[index] !== own) return;
        // An answer that is an error as a whole, as at the end of a session, has null for its data.
        own.data = result.data ?? own.data;
        own.failed = result.error !== undefined;
        continueAfter(index);
        show(result.error);
      });
      own.close = unsubscribe;
    }

    openNext.current = () => {
      const index = opened.length - 1;
      const last = opened[index];
      if (last?.data !== undefined || last?.failed !== true) return continueAfter(index);
      // What failed is asked for again.
      close(index);
      wanted.current = index + 1;
      open(index, last.after);
    };
    open(0, null);
    return () => {
      ended = true;
      close(0);
    };
  }, [client, document, key, connectionOf, all, pause, turn]);

  useEffect(() => {
    wanted.current = 1;
  }, [key]);

  const current = loadedKey === key ? pages : [];
  const last = current.at(-1);
  return {
    nodes: useMemo(
      () => (loadedKey === key ? pages : []).flatMap((page) => connectionOf(page)?.edges.map(({ node }) => node) ?? []),
      [loadedKey, key, pages, connectionOf],
    ),
    more: last !== undefined && connectionOf(last)?.pageInfo.hasNextPage === true,
    waiting: last === undefined && error === undefined,
    error,
    loadMore: useCallback(() => {
      wanted.current += 1;
      openNext.current?.();
    }, []),
    reload: useCallback(() => setTurn((former) => former + 1), []),
  };
}
