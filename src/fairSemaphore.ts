/**
 * A weighted semaphore that is shared by tenants: it bounds the total weight of the tasks that run at a time, and the
 * weight and the number of waiting tasks of each tenant. The tenant that holds the least goes next, so one tenant's
 * thousand tasks delay another's one task by at most the tasks that already run.
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
  run<T>(tenantId: string, weight: number, task: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly weight: number;
  readonly admit: () => void;
}

interface Tenant {
  held: number;
  readonly waiting: Waiting[];
}

const RETRY_AFTER_MS = 1_000;

export function createFairSemaphore({ total, perTenant, waitingPerTenant, what }: FairSemaphoreOptions): FairSemaphore {
  /** Of equals, the tenant that has waited longest is first. */
  const tenants = new Map<string, Tenant>();
  let used = 0;

  function admitAll(): void {
    for (;;) {
      let next: [string, Tenant, Waiting] | undefined;
      for (const [id, tenant] of tenants) {
        const [first] = tenant.waiting;
        if (first === undefined || (tenant.held > 0 && tenant.held + first.weight > perTenant)) continue;
        if (next === undefined || tenant.held < next[1].held) next = [id, tenant, first];
      }
      if (next === undefined) return;
      const [id, tenant, { weight, admit }] = next;
      // It waits for its weight, and smaller tasks of others do not pass it for ever.
      if (used > 0 && used + weight > total) return;
      tenant.waiting.shift();
      tenant.held += weight;
      used += weight;
      tenants.delete(id);
      tenants.set(id, tenant);
      admit();
    }
  }

  function leave(id: string, tenant: Tenant, weight: number): void {
    tenant.held -= weight;
    used -= weight;
    if (tenant.held <= 0 && tenant.waiting.length === 0) tenants.delete(id);
    admitAll();
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
    const tenant = tenants.get(id) ?? { held: 0, waiting: [] };
    if (tenant.waiting.length >= waitingPerTenant) refuse();
    tenants.set(id, tenant);
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        const index = tenant.waiting.indexOf(waiting);
        if (index >= 0) tenant.waiting.splice(index, 1);
        leave(id, tenant, 0);
        reject(signal?.reason as Error);
      };
      const waiting = {
        weight,
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
      leave(id, tenant, weight);
    };
  }

  return {
    enter,
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
