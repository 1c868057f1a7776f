/**
 * Batches writes that cost less together: everything requested while a batch is being written forms the next batch. An idle batcher
 * starts immediately.
 */
interface PendingWrite<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** @param work Writes all items or none. If it fails for several, each item is tried alone, so that no item fails because of another. */
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
