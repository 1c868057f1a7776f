/**
 * One flow of a fair queue: the items of one fairness key at one priority. Started items come first, oldest first, so that they
 * finish. Waiting items follow in order of arrival.
 *
 * Waiting items are kept in one bucket per bundle and row count. Finding the first item that fits therefore takes the same time with
 * one item waiting as with a hundred thousand.
 */

export interface QueueItem {
  /** Unique. Ascending in order of arrival. */
  readonly key: number;
  readonly fairnessKey: string;
  /** Higher values go first. */
  readonly priority: number;
  readonly bundle: string;
  /** Rows that the item needs in one evaluation of the denoiser. */
  readonly rows: number;
}

/** Items of one bundle and row count. Items that left from the middle are skipped when they reach the head. */
interface Bucket<T extends QueueItem> {
  readonly bundle: string;
  readonly rows: number;
  items: T[];
  head: number;
}

/** The clock of a fairness key, shared by its flows at all priorities. */
export interface FlowClock {
  /** The virtual time at which the next service starts. */
  startTag: number;
}

export interface Flow<T extends QueueItem> {
  readonly fairnessKey: string;
  readonly clock: FlowClock;
  /** In ascending order of key. */
  readonly started: T[];
  readonly waiting: Set<T>;
  readonly buckets: Map<string, Bucket<T>>;
}

export function createFlow<T extends QueueItem>(fairnessKey: string, clock: FlowClock): Flow<T> {
  return { fairnessKey, clock, started: [], waiting: new Set(), buckets: new Map() };
}

export function flowSize<T extends QueueItem>({ started, waiting }: Flow<T>): number {
  return started.length + waiting.size;
}

/** Appends an item that has not started. An item that was removed never waits again. */
export function enqueueWaiting<T extends QueueItem>(flow: Flow<T>, item: T): void {
  const { bundle, rows } = item;
  const name = `${String(rows)} ${bundle}`;
  const bucket = flow.buckets.get(name) ?? { bundle, rows, items: [], head: 0 };
  bucket.items.push(item);
  flow.buckets.set(name, bucket);
  flow.waiting.add(item);
}

export function enqueueStarted<T extends QueueItem>({ started }: Flow<T>, item: T): void {
  const younger = (started.at(-1)?.key ?? -Infinity) < item.key ? -1 : started.findIndex(({ key }) => key > item.key);
  started.splice(younger < 0 ? started.length : younger, 0, item);
}

/** Returns whether the item was in the flow. */
export function dequeue<T extends QueueItem>({ started, waiting }: Flow<T>, item: T): boolean {
  if (waiting.delete(item)) return true;
  const index = started.indexOf(item);
  if (index < 0) return false;
  started.splice(index, 1);
  return true;
}

/** The first waiting item whose bundle and row count `fits` accepts. */
export function firstWaiting<T extends QueueItem>(
  flow: Flow<T>,
  fits: (shape: { readonly bundle: string; readonly rows: number }) => boolean,
): T | undefined {
  let first: T | undefined;
  for (const [name, bucket] of flow.buckets) {
    if (!fits(bucket)) continue;
    const head = headOf(bucket, flow.waiting);
    if (head === undefined) flow.buckets.delete(name);
    else if (first === undefined || head.key < first.key) first = head;
  }
  return first;
}

/** All items of the flow in their order. The flow must not change meanwhile. */
export function* itemsInOrder<T extends QueueItem>({ started, waiting, buckets }: Flow<T>): Generator<T, void> {
  yield* started;
  const open = [...buckets.values()].map((bucket) => {
    const items = waitingItems(bucket, waiting);
    return { items, next: items.next() };
  });
  for (;;) {
    let first: { readonly from: (typeof open)[number]; readonly item: T } | undefined;
    for (const from of open) {
      if (from.next.done !== true && (first === undefined || from.next.value.key < first.item.key))
        first = { from, item: from.next.value };
    }
    if (first === undefined) return;
    yield first.item;
    first.from.next = first.from.items.next();
  }
}

function* waitingItems<T extends QueueItem>(bucket: Bucket<T>, waiting: ReadonlySet<T>): Generator<T, void> {
  for (let i = bucket.head; i < bucket.items.length; i++) {
    const item = bucket.items[i];
    if (item !== undefined && waiting.has(item)) yield item;
  }
}

function headOf<T extends QueueItem>(bucket: Bucket<T>, waiting: ReadonlySet<T>): T | undefined {
  let head = bucket.items[bucket.head];
  while (head !== undefined && !waiting.has(head)) head = bucket.items[++bucket.head];
  // Passed items are dropped in bulk, so each item is copied once or twice in total.
  if (bucket.head > bucket.items.length / 2) {
    bucket.items = bucket.items.slice(bucket.head);
    bucket.head = 0;
  }
  return head;
}
