/** Who was not let in, and why: counted, and logged a line a while at most, so that a flood of guesses fills no disk. */
import type { ServiceError } from '../errors.js';
import type { Log } from '../log.js';

const LOG_EVERY_MS = 10_000;

export interface Refusals {
  count(error: ServiceError): void;
  /** Since the start, by the code of the error. */
  readonly total: ReadonlyMap<string, number>;
}

export function createRefusals(log: Log): Refusals {
  const total = new Map<string, number>();
  const unsaid = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function say(): void {
    if (unsaid.size === 0) return;
    log.warn({ refused: Object.fromEntries(unsaid) }, 'callers were not let in');
    unsaid.clear();
    timer = setTimeout(() => {
      timer = undefined;
      say();
    }, LOG_EVERY_MS).unref();
  }

  return {
    total,
    count({ code, message }) {
      total.set(code, (total.get(code) ?? 0) + 1);
      const reason = reasonOf(message);
      unsaid.set(reason, (unsaid.get(reason) ?? 0) + 1);
      if (timer === undefined) say();
    },
  };
}

/** What a caller sent may stand in quotes in a message; in the log it does not. */
function reasonOf(message: string): string {
  return message.replace(/"[^"]*"|"[^"]*…/g, '…');
}
