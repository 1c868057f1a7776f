/** Lets a consumer end a generator function that waits. */

/** @param waiter the one that the generator waits for; a generator cannot be returned from while it waits, so it is closed first */
export function closableEvents<T>(
  generator: AsyncGenerator<T, void, undefined>,
  waiter: { close(): void },
): AsyncIterableIterator<T> {
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
