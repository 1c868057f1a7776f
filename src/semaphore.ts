/** A weighted semaphore: bounds the total weight of the tasks that run at a time. First come, first served. */

export interface Semaphore {
  /** Runs the task as soon as its weight fits. A task that is heavier than the capacity runs alone. */
  run<T>(weight: number, task: () => Promise<T>): Promise<T>;
}

export function createSemaphore(capacity: number): Semaphore {
  const waiting: { readonly weight: number; readonly enter: () => void }[] = [];
  let used = 0;

  const admit = (): void => {
    for (let [next] = waiting; next !== undefined; [next] = waiting) {
      if (used > 0 && used + next.weight > capacity) return;
      waiting.shift();
      used += next.weight;
      next.enter();
    }
  };

  return {
    async run(weight, task) {
      await new Promise<void>((enter) => {
        waiting.push({ weight, enter });
        admit();
      });
      try {
        return await task();
      } finally {
        used -= weight;
        admit();
      }
    },
  };
}
