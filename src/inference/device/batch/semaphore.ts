/** Work that takes memory, a bounded amount of it at a time; first come, first served. */

export interface Semaphore {
  /** Does the work as soon as there is room for its weight. Work that is heavier than the whole gate is done alone. */
  run<T>(weight: number, work: () => Promise<T>): Promise<T>;
}

export function createSemaphore(capacity: number): Semaphore {
  const waiting: { readonly weight: number; readonly enter: () => void }[] = [];
  let inside = 0;

  const admit = (): void => {
    for (let [next] = waiting; next !== undefined; [next] = waiting) {
      if (inside > 0 && inside + next.weight > capacity) return;
      waiting.shift();
      inside += next.weight;
      next.enter();
    }
  };

  return {
    async run(weight, work) {
      await new Promise<void>((enter) => {
        waiting.push({ weight, enter });
        admit();
      });
      try {
        return await work();
      } finally {
        inside -= weight;
        admit();
      }
    },
  };
}
