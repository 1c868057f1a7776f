/** What was opened is closed in the reverse order, whoever opened it. */

/** Called once for everything that is open, as soon as it is. */
export type WhenClosing = (close: () => unknown) => void;

export interface Closing {
  readonly whenClosing: WhenClosing;
  closeAll(): Promise<void>;
}

export function createClosing(): Closing {
  const closers: (() => unknown)[] = [];
  return {
    whenClosing(close) {
      closers.push(close);
    },
    async closeAll() {
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
    },
  };
}
