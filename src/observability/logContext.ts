/**
 * What a piece of work is about: the request, the tenant, the generation. It follows the work through every await, so that each
 * line of the log can say it without anybody handing it on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface LogContext {
  request?: string;
  tenant?: string;
  generation?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** For all that `work` does, and what it leaves running; beside what was known already. */
export function withLogContext<T>(facts: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...facts }, work);
}

/** Something more has become known of the work that is under way. */
export function addLogContext(facts: LogContext): void {
  const known = storage.getStore();
  if (known !== undefined) Object.assign(known, facts);
}

export function currentLogContext(): LogContext {
  return { ...storage.getStore() };
}

/** A stream is asked for its next item from outside; each time the facts are those of its beginning. */
export function streamWithLogContext<T>(facts: LogContext, stream: AsyncGenerator<T>): AsyncGenerator<T> {
  return {
    next: (...args) => withLogContext(facts, () => stream.next(...args)),
    return: (value) => withLogContext(facts, () => stream.return(value)),
    throw: (error) => withLogContext(facts, () => stream.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}
