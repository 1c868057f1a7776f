/**
 * Requests of one caller that arrive together are identified together: while one look-up is under way, all that arrive
 * share the next one. Each look-up begins after the requests that it serves arrived, so a revoked key ends at once; and
 * a caller with a hundred requests puts two statements before another caller's, not a hundred.
 */

interface LookUps<T> {
  current: Promise<T>;
  next: Promise<T> | undefined;
}

export function coalesceCallers<T>(lookUp: (credential: string) => Promise<T>): (credential: string) => Promise<T> {
  const callers = new Map<string, LookUps<T>>();

  function forgetAfter(credential: string, entry: LookUps<T>): void {
    const end = (): void => {
      if (entry.next === undefined) callers.delete(credential);
    };
    entry.current.then(end, end);
  }

  return (credential) => {
    const known = callers.get(credential);
    if (known === undefined) {
      const entry: LookUps<T> = { current: lookUp(credential), next: undefined };
      callers.set(credential, entry);
      forgetAfter(credential, entry);
      return entry.current;
    }
    known.next ??= known.current
      .catch(() => undefined)
      .then(() => {
        known.current = lookUp(credential);
        known.next = undefined;
        forgetAfter(credential, known);
        return known.current;
      });
    return known.next;
  };
}
