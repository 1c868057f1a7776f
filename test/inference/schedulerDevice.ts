/** A device without a clock or a session: a loop over the scheduler, in which a sample is a number of steps. */
import type { Schedulable } from '../../src/inference/device/batch/batchScheduler.js';
import { createBatchScheduler } from '../../src/inference/device/batch/batchScheduler.js';

export interface Sample extends Schedulable {
  left: number;
}

let lastKey = 0;

export function sample(changes: Partial<Sample> = {}): Sample {
  return { key: ++lastKey, bundle: 'b', fairnessKey: 'a', priority: 0, rows: 3, bytes: 1, left: 4, ...changes };
}

export const several = (count: number, changes: Partial<Sample>): Sample[] =>
  Array.from({ length: count }, () => sample(changes));

export interface Device {
  add(...samples: Sample[]): void;
  /** Makes a step, and gives those that took part. */
  step(): readonly Sample[];
  /** Steps until nothing is left. */
  finish(): (readonly Sample[])[];
  cancel(sample: Sample): void;
  setAside(sample: Sample): void;
  putBack(sample: Sample): void;
}

export function device(rows: number, bytes = Infinity, quickRows = rows): Device {
  const schedule = createBatchScheduler<Sample>({ rowBudget: () => ({ rows, quickRows }), memoryBytes: bytes });
  const step = (): readonly Sample[] => {
    const together = schedule.selectBatch();
    for (const one of together) if (--one.left === 0) schedule.remove(one);
    return together;
  };
  return {
    add: (...samples) => samples.forEach((one) => schedule.add(one)),
    step,
    finish() {
      const steps = [];
      for (let together = step(); together.length > 0; together = step()) steps.push(together);
      return steps;
    },
    cancel: (one) => schedule.remove(one),
    setAside: (one) => schedule.suspend(one),
    putBack: (one) => schedule.resume(one),
  };
}
