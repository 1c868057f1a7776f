/** Measures event loop delay: how long the service could not respond. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const WINDOW_MS = 60_000;

export interface EventLoopDelayStats {
  readonly maxMs: number;
  readonly p99Ms: number;
  readonly meanMs: number;
}

export interface EventLoopMonitor {
  /** Over the current window and the previous one. */
  read(): EventLoopDelayStats;
  stop(): void;
}

export function startEventLoopMonitor(): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let before: EventLoopDelayStats = { maxMs: 0, p99Ms: 0, meanMs: 0 };
  const turn = setInterval(() => {
    before = current();
    histogram.reset();
  }, WINDOW_MS).unref();

  /** The histogram counts the timer's own interval as delay. */
  function current(): EventLoopDelayStats {
    if (histogram.count === 0) return { maxMs: 0, p99Ms: 0, meanMs: 0 };
    const late = (nanoseconds: number): number => Math.max(0, Math.round(nanoseconds / 1e4) / 100 - RESOLUTION_MS);
    return { maxMs: late(histogram.max), p99Ms: late(histogram.percentile(99)), meanMs: late(histogram.mean) };
  }

  return {
    read() {
      const now = current();
      return {
        maxMs: Math.max(now.maxMs, before.maxMs),
        p99Ms: Math.max(now.p99Ms, before.p99Ms),
        meanMs: now.meanMs,
      };
    },
    stop() {
      clearInterval(turn);
      histogram.disable();
    },
  };
}
