/** How fast this worker draws, of late: pixel-steps a second, over the time in which it had something to draw. */
const SMOOTHING = 0.3;

export interface ThroughputMeter {
  /** A sample of so many pixel-steps is drawn. */
  add(pixelSteps: number): void;
  /** Since the last call, smoothed; null before the first sample. `busy`: whether there was work all the while. */
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
      // Work that was not finished yet counts when it is.
      if (drawn > 0 || !busy) {
        drawn = 0;
        since = now();
      }
      return smoothed;
    },
  };
}
