/** What the steps cost, told together now and then: they come by the hundred a second. */
import type { WorkerMessage, StepMetrics } from '../../workerProtocol.js';

const INTERVAL_MS = 1_000;

export interface StepMetricsBuffer {
  add(step: StepMetrics): void;
  /** Tells what has not been told. */
  flush(): void;
}

export function createStepMetricsBuffer(send: (message: WorkerMessage) => void): StepMetricsBuffer {
  let steps: StepMetrics[] = [];
  let toldAt = performance.now();

  function flush(): void {
    toldAt = performance.now();
    if (steps.length === 0) return;
    send({ kind: 'stats', steps });
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
