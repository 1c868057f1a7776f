/**
 * When the look-ups of an operation become one statement: after all parts of its lists that wait for their turn were
 * resumed, so that their number does not depend on how busy the event loop is.
 */
export interface BatchSchedule {
  /** A part of a list waits until the turn comes. */
  await(turn: Promise<void>): Promise<void>;
  /** DataLoader's `batchScheduleFn`. */
  readonly dispatch: (batch: () => void) => void;
}

export function createBatchSchedule(): BatchSchedule {
  let waiting = 0;
  let batches: (() => void)[] = [];

  /** As DataLoader does it: after the microtasks, in which more may be looked up. */
  function dispatch(batch: () => void): void {
    queueMicrotask(() =>
      process.nextTick(() => {
        if (waiting > 0) batches.push(batch);
        else batch();
      }),
    );
  }

  return {
    dispatch,
    async await(turn) {
      waiting += 1;
      await turn;
      waiting -= 1;
      if (waiting > 0) return;
      const ready = batches;
      batches = [];
      ready.forEach(dispatch);
    },
  };
}
