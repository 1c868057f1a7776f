/** Who was not let in, and why: counted, and logged a line a while at most, so that a flood of guesses fills no disk. */
import type { ServiceError } from '../errors.js';
import type { Log } from '../log.js';

const LOG_EVERY_MS = 10_000;

export interface AuthFailures {
  count(error: ServiceError): void;
  /** Since the start, by the code of the error. */
  readonly total: ReadonlyMap<string, number>;
}

export function createAuthFailures(log: Log): AuthFailures {
  const total = new Map<string, number>();
  const unlogged = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (unlogged.size === 0) return;
    log.warn({ refused: Object.fromEntries(unlogged) }, 'callers were not let in');
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

/** What a caller sent may stand in quotes in a message; in the log it does not. */
function reasonOf(message: string): string {
  return message.replace(/"[^"]*"|"[^"]*…/g, '…');
}
