/**
 * A weighted semaphore that is shared by tenants: it bounds the total weight of the tasks that run at a time, and the
 * weight and the number of waiting tasks of each tenant. The tenant that holds the least goes next; of equals, the one
 * that was served the least (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996). So one tenant's thousand tasks
 * delay another's one task by at most the tasks that already run.
 */
import { ServiceError } from './errors.js';

export interface FairSemaphoreOptions {
  /** Of all tenants. Infinity bounds each tenant alone. */
  readonly total: number;
  /** Of one tenant; less than the total, so that others can always start. */
  readonly perTenant: number;
  /** Tasks of one tenant that wait. More are refused with RATE_LIMITED. */
  readonly waitingPerTenant: number;
  /** What the tasks are, for the message. */
  readonly what: string;
}

export interface FairSemaphore {
  /** Resolves when the task may run, to a function that ends it. Throws RATE_LIMITED, or the reason of the signal. */
  enter(tenantId: string, weight?: number, signal?: AbortSignal): Promise<() => void>;
  /** Whether the tenant's next task waits for one of its own. */
  isFull(tenantId: string): boolean;
  run<T>(tenantId: string, weight: number, task: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly weight: number;
  /** In virtual time, which is the start of the task that was admitted last. */
  readonly start: number;
  /** Counts up. */
  readonly arrival: number;
  readonly admit: () => void;
}

interface Tenant {
  held: number;
  readonly waiting: Waiting[];
  /** When, in virtual time, its next task can start: who comes back at once does not pass who waits. */
  nextStart: number;
}

const RETRY_AFTER_MS = 1_000;

export function createFairSemaphore({ total, perTenant, waitingPerTenant, what }: FairSemaphoreOptions): FairSemaphore {
  const tenants = new Map<string, Tenant>();
  let used = 0;
  let virtualTime = 0;
  let arrivals = 0;

  function admitAll(): void {
    for (let next = firstInLine(); next !== undefined; next = firstInLine()) {
      const [tenant, { weight, start, admit }] = next;
      // It waits for its weight, and smaller tasks of others do not pass it for ever.
      if (used > 0 && used + weight > total) return;
      tenant.waiting.shift();
      tenant.held += weight;
      used += weight;
      virtualTime = Math.max(virtualTime, start);
      admit();
    }
  }

  function firstInLine(): [Tenant, Waiting] | undefined {
    let next: [Tenant, Waiting] | undefined;
    for (const [id, tenant] of tenants) {
      const [first] = tenant.waiting;
      if (first === undefined) {
        if (tenant.held <= 0 && tenant.nextStart <= virtualTime) tenants.delete(id);
        continue;
      }
      if (tenant.held > 0 && tenant.held + first.weight > perTenant) continue;
      if (next === undefined || isBefore([tenant, first], next)) next = [tenant, first];
    }
    return next;
  }

  function leave(tenant: Tenant, weight: number): void {
    tenant.held -= weight;
    used -= weight;
    admitAll();
    if (used > 0) return;
    // Then nothing waits either.
    tenants.clear();
    virtualTime = 0;
  }

  function refuse(): never {
    throw new ServiceError(
      'RATE_LIMITED',
      `More than ${String(waitingPerTenant)} ${what} of this tenant wait; nothing was done, try again later`,
      { limit: waitingPerTenant, retryAfterMs: RETRY_AFTER_MS },
    );
  }

  async function enter(id: string, weight = 1, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const tenant = tenants.get(id) ?? { held: 0, waiting: [], nextStart: 0 };
    if (tenant.waiting.length >= waitingPerTenant) refuse();
    tenants.set(id, tenant);
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        const index = tenant.waiting.indexOf(waiting);
        if (index >= 0) tenant.waiting.splice(index, 1);
        tenant.nextStart -= weight;
        leave(tenant, 0);
        reject(signal?.reason as Error);
      };
      const start = Math.max(virtualTime, tenant.nextStart);
      tenant.nextStart = start + weight;
      const waiting = {
        weight,
        start,
        arrival: arrivals++,
        admit: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      tenant.waiting.push(waiting);
      admitAll();
    });
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave(tenant, weight);
    };
  }

  return {
    enter,
    isFull: (id) => (tenants.get(id)?.held ?? 0) >= perTenant,
    async run(id, weight, task) {
      const end = await enter(id, weight);
      try {
        return await task();
      } finally {
        end();
      }
    },
  };
}

/** The one that holds less, else the one that was served less, else the one that came first. */
function isBefore([tenant, task]: [Tenant, Waiting], [other, othersTask]: [Tenant, Waiting]): boolean {
  if (tenant.held !== other.held) return tenant.held < other.held;
  if (task.start !== othersTask.start) return task.start < othersTask.start;
  return task.arrival < othersTask.arrival;
}
