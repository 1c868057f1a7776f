/** The recent throughput of this worker, in pixel-steps per second of the time in which it had work. */
const SMOOTHING = 0.3;

export interface ThroughputMeter {
  /** A sample of this many pixel-steps was drawn. */
  add(pixelSteps: number): void;
  /**
   * The throughput since the last call, smoothed; null before the first sample.
   * @param busy whether there was work all the time.
   */
  read(busy: boolean): number | null;
}

export function createThroughputMeter(now: () => number = () => performance.now()): ThroughputMeter {
  let since = now();
  let drawn = 0;
  let smoothed: number | null = null;
  return {
    add(pixelSteps) {
      drawn += pixelSteps;
    },
    read(busy) {
      const seconds = (now() - since) / 1000;
      if (drawn > 0 && seconds > 0) {
        const latest = drawn / seconds;
        smoothed = smoothed === null ? latest : SMOOTHING * latest + (1 - SMOOTHING) * smoothed;
      }
      // Unfinished work counts when it is finished.
      if (drawn > 0 || !busy) {
        drawn = 0;
        since = now();
      }
      return smoothed;
    },
  };
}
