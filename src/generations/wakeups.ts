/**
 * Who waits for news of a generation is woken by a notification of the database. It is only a hint: it carries
 * an id and nothing else, and whoever waits must also be woken, or wake, without it.
 */
export interface Bell {
  /** Resolves at the next ring after this call, after `timeoutMs` if given, or when the bell is closed. */
  next(timeoutMs?: number): Promise<void>;
  close(): void;
  readonly closed: boolean;
  /** Of those who follow events: the last seq that they have. */
  seen: number;
}

export interface Wakeups {
  bell(id: string): Bell;
  ring(id: string): void;
  /** By the ids of bells that are not closed: the least that any of theirs has seen. */
  waiting(): ReadonlyMap<string, number>;
  /** Closes every bell, so that all who wait go home. */
  closeAll(): void;
}

export function createWakeups(): Wakeups {
  const bells = new Map<string, Set<{ ring: () => void; close: () => void; seen: number }>>();

  function bell(id: string): Bell {
    let waiting: (() => void) | undefined;
    let closed = false;
    const entry = {
      seen: 0,
      ring: () => waiting?.(),
      close: () => {
        closed = true;
        const set = bells.get(id);
        set?.delete(entry);
        if (set?.size === 0) bells.delete(id);
        waiting?.();
      },
    };
    const set = bells.get(id) ?? new Set();
    bells.set(id, set.add(entry));
    return {
      next: (timeoutMs) =>
        new Promise<void>((resolve) => {
          waiting?.();
          const done = () => {
            clearTimeout(timer);
            waiting = undefined;
            resolve();
          };
          const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs);
          waiting = done;
          if (closed) done();
        }),
      close: entry.close,
      get closed() {
        return closed;
      },
      get seen() {
        return entry.seen;
      },
      set seen(seq) {
        entry.seen = seq;
      },
    };
  }

  return {
    bell,
    ring: (id) => bells.get(id)?.forEach((entry) => entry.ring()),
    waiting: () => new Map([...bells].map(([id, set]) => [id, Math.min(...[...set].map(({ seen }) => seen))])),
    closeAll: () => [...bells.values()].flatMap((set) => [...set]).forEach((entry) => entry.close()),
  };
}
