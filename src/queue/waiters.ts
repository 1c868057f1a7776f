/**
 * Wakes whoever waits for news of an id, such as a generation. A notification of the database triggers it. That is only a hint:
 * it carries an id and nothing else, so every waiter must also wake up, or be woken, without it.
 */
export interface Waiter {
  /** Resolves at the first notification after this call, after `timeoutMs` if given, or when the waiter is closed. */
  next(timeoutMs?: number): Promise<void>;
  close(): void;
  readonly closed: boolean;
  /** For followers of events: the last seq that this follower has received. */
  seen: number;
}

export interface Waiters {
  waiter(id: string): Waiter;
  notify(id: string): void;
  /** By id of the open waiters: the lowest `seen` of that id. */
  lastSeen(): ReadonlyMap<string, number>;
  /** Closes every waiter, so that nobody waits any longer. */
  closeAll(): void;
}

export function createWaiters(): Waiters {
  const waiters = new Map<string, Set<Waiter & { notify(): void }>>();

  function waiter(id: string): Waiter {
    let waiting: (() => void) | undefined;
    let closed = false;
    const created = {
      seen: 0,
      get closed() {
        return closed;
      },
      notify: () => waiting?.(),
      next: (timeoutMs?: number) =>
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
      close: () => {
        closed = true;
        const set = waiters.get(id);
        set?.delete(created);
        if (set?.size === 0) waiters.delete(id);
        waiting?.();
      },
    };
    const set = waiters.get(id) ?? new Set();
    waiters.set(id, set.add(created));
    return created;
  }

  return {
    waiter,
    notify: (id) => waiters.get(id)?.forEach((one) => one.notify()),
    lastSeen: () => new Map([...waiters].map(([id, set]) => [id, lowestSeen(set)])),
    closeAll: () => [...waiters.values()].flatMap((set) => [...set]).forEach((one) => one.close()),
  };
}

/** Not `Math.min(...)`: an id can have more waiters than a call can have arguments. */
function lowestSeen(waiters: Iterable<Waiter>): number {
  let lowest = Infinity;
  for (const { seen } of waiters) lowest = Math.min(lowest, seen);
  return lowest;
}
