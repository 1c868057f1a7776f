/** What the steps cost, told together now and then: they come by the hundred a second. */
import type { FromWorker } from '../protocol.js';

const INTERVAL_MS = 1_000;

export interface StepFigures {
  /** One step of `samples` samples took `milliseconds`. */
  add(samples: number, milliseconds: number): void;
  /** Tells what has not been told. */
  flush(): void;
}

export function createStepFigures(tell: (message: FromWorker) => void): StepFigures {
  let samples: number[] = [];
  let seconds: number[] = [];
  let toldAt = performance.now();

  function flush(): void {
    toldAt = performance.now();
    if (samples.length === 0) return;
    tell({ kind: 'stats', samples, seconds });
    samples = [];
    seconds = [];
  }

  return {
    add(count, milliseconds) {
      samples.push(count);
      seconds.push(milliseconds / 1000);
      if (performance.now() - toldAt >= INTERVAL_MS) flush();
    },
    flush,
  };
}
