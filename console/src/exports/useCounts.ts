import { useEffect, useState } from 'react';
import { useReader } from '../app/reader.ts';
import type { SampleFilter } from '../generated/graphql.ts';
import { SamplesToCountDocument } from '../generated/graphql.ts';

export interface Counts {
  /** "defect · product" and how many samples of it. */
  readonly pairs: ReadonlyMap<string, number>;
  readonly total: number;
  readonly finished: boolean;
  readonly error?: Error | undefined;
}

const NONE: Counts = { pairs: new Map(), total: 0, finished: false };

/** Counts page after page; what is counted so far is shown. */
export function useCounts(filter: SampleFilter): Counts {
  const reader = useReader();
  const key = JSON.stringify(filter);
  const [counted, setCounted] = useState<{ key: string; counts: Counts }>({ key, counts: NONE });

  useEffect(() => {
    let current = true;
    const pairs = new Map<string, number>();
    async function count() {
      let after: string | null = null;
      let total = 0;
      for (;;) {
        const variables = { after, filter: JSON.parse(key) as SampleFilter };
        const { data, error }: Awaited<ReturnType<typeof page>> = await page(variables);
        if (!current) return;
        for (const { node } of data?.samples.edges ?? []) {
          const name = `${node.generation.defect.name} · ${node.generation.product.name}`;
          pairs.set(name, (pairs.get(name) ?? 0) + 1);
          total += 1;
        }
        const finished = data?.samples.pageInfo.hasNextPage !== true;
        setCounted({ key, counts: { pairs: new Map(pairs), total, finished, error } });
        if (finished) return;
        after = data.samples.pageInfo.endCursor;
      }
    }
    const page = (variables: { after: string | null; filter: SampleFilter }) =>
      reader.query(SamplesToCountDocument, variables).toPromise();
    void count();
    return () => {
      current = false;
    };
  }, [reader, key]);

  return counted.key === key ? counted.counts : NONE;
}
