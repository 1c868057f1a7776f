/** What was opened is closed in the reverse order, whoever opened it. */

/** Called once for everything that is open, as soon as it is. */
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
