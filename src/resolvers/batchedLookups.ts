/** DataLoaders of one request: rows by a key, and the same page of the rows under many parents. */
import DataLoader from 'dataloader';
import type { Page, PageRequest } from '../storage/pagination.js';
import type { BatchSchedule } from './batchSchedule.js';

export interface PageUnder {
  readonly id: string;
  readonly request: PageRequest;
}

/** Runs one work after the other. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

/** @param gone the error for a key without a row */
export function byKey<T>(
  batchScheduleFn: BatchSchedule['dispatch'],
  load: (keys: readonly string[]) => Promise<readonly T[]>,
  keyOf: (row: T) => string,
  gone = (key: string): Error => new Error(`row ${key} is gone`),
) {
  return new DataLoader<string, T>(
    async (keys) => {
      const rows = new Map((await load(keys)).map((row) => [keyOf(row), row]));
      return keys.map((key) => rows.get(key) ?? gone(key));
    },
    { batchScheduleFn },
  );
}

const NO_ROWS = { rows: [], hasNextPage: false, hasPreviousPage: false } as const;

/** One query for each distinct page. Siblings request the same page of different parents. */
export function pagesUnder<W extends PageUnder, T>(
  batchScheduleFn: BatchSchedule['dispatch'],
  load: (page: Omit<W, 'id'>, ids: readonly string[]) => Promise<ReadonlyMap<string, Page<T>>>,
): DataLoader<W, Page<T>> {
  return new DataLoader<W, Page<T>>(
    async (pages) => {
      const groups = Map.groupBy(pages, ({ id: _, ...page }) => JSON.stringify(page));
      const loaded = new Map<W, Page<T>>();
      for (const group of groups.values()) {
        const [one] = group;
        if (one === undefined) continue;
        const found = await load(one, [...new Set(group.map(({ id }) => id))]);
        for (const page of group) loaded.set(page, found.get(page.id) ?? NO_ROWS);
      }
      return pages.map((page) => loaded.get(page) ?? NO_ROWS);
    },
    { cache: false, batchScheduleFn },
  );
}
