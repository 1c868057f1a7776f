/**
 * The samples that no device has yet, in the order in which they are to be handed out: the highest priority first, then fair
 * shares, then first come. Fair is start-time fair queueing (Goyal, Vin and Cheng 1996): each share has a clock that its work
 * moves on, whose clock is furthest behind goes next, and a share that comes back from doing nothing starts at the present.
 * Pure: no clock, no device.
 */

export interface Queued {
  readonly share: string;
  readonly priority: number;
  /** In any unit, the same for all. */
  readonly work: number;
}

export interface Queue<T extends Queued> {
  readonly size: number;
  add(sample: T): void;
  /** It was handed out and has come back: it goes before the others of its share. */
  addAgain(sample: T): void;
  /** Whether it was there. */
  remove(sample: T): boolean;
  /** Removes it, and its share has had its turn. */
  take(sample: T): void;
  /** As they would be taken if each of them was, in turn. */
  inOrder(): Generator<T, void>;
  /** The first of each share and priority, the highest priority first. */
  heads(): T[];
}

/** Those of one share and priority. */
interface Line<T> {
  readonly again: Set<T>;
  readonly fresh: Set<T>;
}

/** So many shares may be known that have nothing waiting. */
const MAXIMUM_IDLE_SHARES = 1_000;

export function createQueue<T extends Queued>(): Queue<T> {
  const lines = new Map<number, Map<string, Line<T>>>();
  const clocks = new Map<string, number>();
  let present = 0;
  let size = 0;

  const lineOf = ({ priority, share }: T): Line<T> => {
    const shares = lines.get(priority) ?? new Map<string, Line<T>>();
    lines.set(priority, shares);
    const line = shares.get(share) ?? { again: new Set(), fresh: new Set() };
    shares.set(share, line);
    return line;
  };

  const remove = (sample: T): boolean => {
    const shares = lines.get(sample.priority);
    const line = shares?.get(sample.share);
    if (shares === undefined || line === undefined) return false;
    const removed = line.again.delete(sample) || line.fresh.delete(sample);
    if (removed) size--;
    if (line.again.size + line.fresh.size === 0) shares.delete(sample.share);
    if (shares.size === 0) lines.delete(sample.priority);
    return removed;
  };

  const byPriority = (): Map<string, Line<T>>[] => [...lines].sort(([a], [b]) => b - a).map(([, shares]) => shares);

  const startOf = (share: string): number => Math.max(present, clocks.get(share) ?? present);

  return {
    get size() {
      return size;
    },
    add(sample) {
      lineOf(sample).fresh.add(sample);
      size++;
    },
    addAgain(sample) {
      lineOf(sample).again.add(sample);
      size++;
    },
    remove,
    take(sample) {
      const start = startOf(sample.share);
      // Not simply that start: one that goes first for its priority may be far ahead of those that wait for their turn.
      present = [...lines.values()]
        .flatMap((shares) => [...shares.keys()])
        .reduce((least, share) => Math.min(least, startOf(share)), start);
      remove(sample);
      clocks.set(sample.share, start + sample.work);
      if (clocks.size > MAXIMUM_IDLE_SHARES) {
        for (const [share, clock] of clocks) if (clock <= present) clocks.delete(share);
      }
    },
    heads: () =>
      byPriority().flatMap((shares) =>
        [...shares.values()].flatMap(({ again, fresh }) => {
          const { value, done } = inTurn(again, fresh).next();
          return done === true ? [] : [value];
        }),
      ),
    *inOrder() {
      for (const shares of byPriority()) {
        const open = [...shares].map(([share, { again, fresh }]) => {
          const samples = inTurn(again, fresh);
          return { samples, next: samples.next(), clock: startOf(share) };
        });
        for (;;) {
          let first: (typeof open)[number] | undefined;
          for (const line of open) if (!line.next.done && line.clock < (first?.clock ?? Infinity)) first = line;
          if (first === undefined || first.next.done) break;
          const sample = first.next.value;
          yield sample;
          first.clock += sample.work;
          first.next = first.samples.next();
        }
      }
    },
  };
}

/** Not as one list: a hundred thousand may wait, of which a few are looked at. */
function* inTurn<T>(...sets: readonly ReadonlySet<T>[]): Generator<T, void> {
  for (const set of sets) yield* set;
}
