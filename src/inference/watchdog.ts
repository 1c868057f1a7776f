/**
 * Fires when a busy worker goes silent: because a driver hangs, or because the process is stopped.
 *
 * The watchdog counts silent intervals instead of comparing clock times. If this process was blocked or the machine was suspended, the
 * messages that arrived meanwhile are handled before the next interval ends.
 */
const INTERVALS = 4;

export interface Watchdog {
  /** To be called for each sign of life. */
  reset(): void;
  stop(): void;
}

/** @param onTimeout called once for each silence of `seconds`, or up to a quarter more, during which `isBusy` returned true. */
export function startWatchdog(seconds: number, isBusy: () => boolean, onTimeout: () => void): Watchdog {
  let silentIntervals = 0;
  const timer = setInterval(
    () => {
      silentIntervals = isBusy() ? silentIntervals + 1 : 0;
      if (silentIntervals <= INTERVALS) return;
      silentIntervals = 0;
      onTimeout();
    },
    (1000 * seconds) / INTERVALS,
  );
  timer.unref();
  return {
    reset: () => (silentIntervals = 0),
    stop: () => clearInterval(timer),
  };
}
