/**
 * Shares the event loop between tenants. Work that takes turns stops after some units of work and continues in a later
 * iteration of the event loop, so that other requests, health checks, and heartbeats come between. Of several tenants
 * with waiting work, each gets the same share of every iteration.
 */

/** Between two iterations of the event loop. One unit is one field of an answer, some microseconds. */
const UNITS_PER_ITERATION = 1_000;

export interface FairTurns {
  /** Records work that was done in this iteration. */
  spend(units: number): void;
  /** Undefined if there is time left in this iteration. Otherwise, resolves when it is the tenant's turn. */
  next(tenantId: string): Promise<void> | undefined;
}

export function createFairTurns(unitsPerIteration = UNITS_PER_ITERATION): FairTurns {
  /** By tenant; the tenant that waits for its turn longest is first. */
  const waiting = new Map<string, (() => void)[]>();
  let left = unitsPerIteration;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(serve);
  }

  function serve(): void {
    scheduled = false;
    left = unitsPerIteration;
    // What a resumed piece of work spends is only known afterwards, so each counts as ten units here.
    for (let turns = Math.max(1, unitsPerIteration / 10); turns > 0 && waiting.size > 0; turns--) {
      const [[tenantId, pieces]] = waiting as unknown as [[string, (() => void)[]]];
      waiting.delete(tenantId);
      pieces.shift()?.();
      if (pieces.length > 0) waiting.set(tenantId, pieces);
    }
    if (waiting.size > 0) schedule();
  }

  return {
    spend(units) {
      left -= units;
      schedule();
    },
    next(tenantId) {
      if (left > 0 && waiting.size === 0) return undefined;
      return new Promise((resolve) => {
        const pieces = waiting.get(tenantId) ?? [];
        pieces.push(resolve);
        waiting.set(tenantId, pieces);
        schedule();
      });
    },
  };
}
