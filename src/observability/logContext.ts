/**
 * The fields that every log line of an operation carries: its request, tenant, and generation. They follow the
 * operation through every await.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface LogContext {
  request?: string;
  tenant?: string;
  generation?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Applies to everything that `work` does or starts, in addition to the fields that are already set. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

/** Adds fields to the current log context. */
export function addLogContext(context: LogContext): void {
  const known = storage.getStore();
  if (known !== undefined) Object.assign(known, context);
}

/** Whose work this is, where that is known. */
export function currentTenant(): string | undefined {
  return storage.getStore()?.tenant;
}

export function currentLogContext(): LogContext {
  return { ...storage.getStore() };
}

/** A stream is pulled from outside. Each pull runs with the log context of the start of the stream. */
export function streamWithLogContext<T>(context: LogContext, stream: AsyncGenerator<T>): AsyncGenerator<T> {
  return {
    next: (...args) => withLogContext(context, () => stream.next(...args)),
    return: (value) => withLogContext(context, () => stream.return(value)),
    throw: (error) => withLogContext(context, () => stream.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}
