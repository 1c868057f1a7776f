/** A bound on how much goes on at a time: what comes later waits, in the order in which it came. */
export type Semaphore = <T>(work: () => Promise<T>) => Promise<T>;

export function createSemaphore(places: number): Semaphore {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return async (work) => {
    // Whoever leaves hands its place to the first who waits, so that nobody slips in between.
    if (taken < places) taken += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) taken -= 1;
      else next();
    }
  };
}
