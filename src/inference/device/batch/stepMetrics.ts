/** Collects the metrics of the steps and sends them about once a second: there may be hundreds of steps per second. */
import type { StepMetrics, WorkerMessage } from '../../deviceProtocol.js';

const INTERVAL_MS = 1_000;

export interface StepMetricsBuffer {
  add(step: StepMetrics): void;
  /** Sends what has not been sent. */
  flush(): void;
}

export function createStepMetricsBuffer(send: (message: WorkerMessage) => void): StepMetricsBuffer {
  let steps: StepMetrics[] = [];
  let sentAt = performance.now();

  function flush(): void {
    sentAt = performance.now();
    if (steps.length === 0) return;
    send({ kind: 'steps', steps });
    steps = [];
  }

  return {
    add(step) {
      steps.push(step);
      if (performance.now() - sentAt >= INTERVAL_MS) flush();
    },
    flush,
  };
}
