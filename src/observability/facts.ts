/**
 * What a piece of work is about: the request, the tenant, the generation. It follows the work through every await, so that each
 * line of the log can say it without anybody handing it on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Facts {
  request?: string;
  tenant?: string;
  generation?: string;
}

const storage = new AsyncLocalStorage<Facts>();

/** For all that `work` does, and what it leaves running; beside what was known already. */
export function withFacts<T>(facts: Facts, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...facts }, work);
}

/** Something more has become known of the work that is under way. */
export function learn(facts: Facts): void {
  const known = storage.getStore();
  if (known !== undefined) Object.assign(known, facts);
}

export function factsOfNow(): Facts {
  return { ...storage.getStore() };
}

/** A stream is asked for its next item from outside; each time the facts are those of its beginning. */
export function streamWithFacts<T>(facts: Facts, stream: AsyncGenerator<T>): AsyncGenerator<T> {
  return {
    next: (...args) => withFacts(facts, () => stream.next(...args)),
    return: (value) => withFacts(facts, () => stream.return(value)),
    throw: (error) => withFacts(facts, () => stream.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}
