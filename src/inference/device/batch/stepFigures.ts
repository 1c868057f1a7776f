/** What the steps cost, told together now and then: they come by the hundred a second. */
import type { FromWorker, StepMade } from '../../protocol.js';

const INTERVAL_MS = 1_000;

export interface StepFigures {
  add(step: StepMade): void;
  /** Tells what has not been told. */
  flush(): void;
}

export function createStepFigures(tell: (message: FromWorker) => void): StepFigures {
  let steps: StepMade[] = [];
  let toldAt = performance.now();

  function flush(): void {
    toldAt = performance.now();
    if (steps.length === 0) return;
    tell({ kind: 'stats', steps });
    steps = [];
  }

  return {
    add(step) {
      steps.push(step);
      if (performance.now() - toldAt >= INTERVAL_MS) flush();
    },
    flush,
  };
}
