/** Lets the event loop run while a long text is read. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

/** To be awaited for each item. Waits after so many of them. */
export function createPauses(items: number): () => Promise<void> | undefined {
  let passed = 0;
  return () => {
    passed += 1;
    return passed % items === 0 ? turnOfTheLoop() : undefined;
  };
}

/** As `map` of a list, with a pause before each item. */
export async function mapWithPauses<T, R>(
  items: readonly T[],
  pause: () => Promise<void> | undefined,
  map: (item: T) => R,
): Promise<R[]> {
  const found: R[] = [];
  for (const item of items) {
    await pause();
    found.push(map(item));
  }
  return found;
}
