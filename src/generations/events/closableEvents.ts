/** Lets a consumer end a generator function that waits. */
import type { EventRow } from '../../storage/tables.js';

/** @param waiter the one that the generator waits for; a generator cannot be returned from while it waits, so it is closed first */
export function closableEvents(
  generator: AsyncGenerator<EventRow, void, undefined>,
  waiter: { close(): void },
): AsyncIterableIterator<EventRow> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => generator.next(),
    return: () => {
      waiter.close();
      return generator.return(undefined);
    },
  };
}
