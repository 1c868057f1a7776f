/**
 * Failed authentications: counted, and logged at most once per interval, so that a flood of guesses does not fill the
 * disk.
 */
import type { ServiceError } from '../errors.js';
import type { Log } from '../log.js';

const LOG_EVERY_MS = 10_000;

export interface AuthFailures {
  count(error: ServiceError): void;
  /** Since the start, by error code. */
  readonly total: ReadonlyMap<string, number>;
}

export function createAuthFailures(log: Log): AuthFailures {
  const total = new Map<string, number>();
  const unlogged = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (unlogged.size === 0) return;
    log.warn({ refused: Object.fromEntries(unlogged) }, 'callers failed to authenticate');
    unlogged.clear();
    timer = setTimeout(() => {
      timer = undefined;
      flush();
    }, LOG_EVERY_MS).unref();
  }

  return {
    total,
    count({ code, message }) {
      total.set(code, (total.get(code) ?? 0) + 1);
      const reason = reasonOf(message);
      unlogged.set(reason, (unlogged.get(reason) ?? 0) + 1);
      if (timer === undefined) flush();
    },
  };
}

/** Removes quoted text, which a caller may have sent, from the log. */
function reasonOf(message: string): string {
  return message.replace(/"[^"]*"|"[^"]*…/g, '…');
}
