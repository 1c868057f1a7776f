/**
 * Work that costs less for many at once: what is asked for while a round runs is done by the next one, all of it together. Nobody
 * waits for company, for who finds nothing running begins.
 */
interface PendingWrite<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** @param work all or nothing; where it fails for several, it is tried for each alone, so that none fails for its neighbour. */
export function batchWrites<T>(work: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: PendingWrite<T>[] = [];
  let running = false;

  const attempt = (round: readonly PendingWrite<T>[]): Promise<void> =>
    work(round.map(({ item }) => item)).then(
      () => round.forEach(({ resolve: done }) => done()),
      async (error: unknown) => {
        if (round.length > 1) await Promise.all(round.map((one) => attempt([one])));
        else round.forEach(({ reject: failed }) => failed(error));
      },
    );

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const round = waiting;
      waiting = [];
      await attempt(round);
    }
    running = false;
  }

  return (item) =>
    new Promise((done, failed) => {
      waiting.push({ item, resolve: done, reject: failed });
      if (!running) void run();
    });
}
