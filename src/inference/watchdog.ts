/**
 * Notices that somebody who has something to do says nothing any more: a driver that does not answer, a stopped process.
 *
 * Quiet intervals are counted, not time: when this process itself was held up, or the machine slept, what was said meanwhile is
 * heard before the next interval ends.
 */
const INTERVALS = 4;

export interface Watchdog {
  reset(): void;
  stop(): void;
}

/** @param silent called once for each silence of `seconds`, or up to a quarter more, throughout which `isBusy`. */
export function startWatchdog(seconds: number, isBusy: () => boolean, silent: () => void): Watchdog {
  let quiet = 0;
  const timer = setInterval(
    () => {
      quiet = isBusy() ? quiet + 1 : 0;
      if (quiet <= INTERVALS) return;
      quiet = 0;
      silent();
    },
    (1000 * seconds) / INTERVALS,
  );
  timer.unref();
  return {
    reset: () => (quiet = 0),
    stop: () => clearInterval(timer),
  };
}
