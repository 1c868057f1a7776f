/** Closes resources in the reverse order of opening. */

/** Registers the cleanup of a resource. Call it once, right after opening. */
export type Defer = (close: () => unknown) => void;

export interface Disposables {
  readonly defer: Defer;
  disposeAll(): Promise<void>;
}

export function createDisposables(): Disposables {
  const closers: (() => unknown)[] = [];
  return {
    defer(close) {
      closers.push(close);
    },
    async disposeAll() {
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
    },
  };
}
