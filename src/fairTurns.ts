/**
 * Shares the event loop between tenants by time. Work that takes turns stops when the slice of this iteration of the
 * event loop is used up, and continues in a later one, so that other requests, health checks, and heartbeats come
 * between. Of several tenants with waiting work, the one that used the least time goes next.
 */

/** Of one iteration of the event loop. A small request takes several iterations. */
const SLICE_MS = 0.25;
/** What is not measured ahead of time: one unit is one field of an answer, some microseconds. */
const UNITS_PER_ITERATION = 100;
/** Of the lists of a tenant, so many parts are resumed together as take this time. What they look up is one statement. */
const GROUP_MS = 0.15;
const LARGEST_GROUP = 16;

export interface FairTurns {
  /** Records work that is done in this iteration without a turn. */
  spend(units: number): void;
  /** For a part of a list. Undefined if there is time left in this iteration; else resolves when it is its turn. */
  next(tenantId: string): Promise<void> | undefined;
  /** The same for a whole operation, which is resumed alone. */
  nextOperation(tenantId: string): Promise<void> | undefined;
}

type Resume = () => void;

/** The sets are queues: they keep the order, and their first is removed in no time. */
interface Tenant {
  readonly operations: Set<Resume>;
  readonly parts: Set<Resume>;
  usedMs: number;
  /** How many parts of lists are resumed together. */
  group: number;
}

/** @param now in milliseconds; for tests */
export function createFairTurns(now: () => number = () => performance.now()): FairTurns {
  /** By tenant; those with work that waits. */
  const waiting = new Map<string, Tenant>();
  /** When the slice of this iteration began. */
  let began: number | undefined;
  let unitsLeft = UNITS_PER_ITERATION;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      began = undefined;
      unitsLeft = UNITS_PER_ITERATION;
      if (waiting.size > 0) serve();
    });
  }

  function serve(): void {
    const started = now();
    const sliceBegan = (began ??= started);
    const [tenantId, tenant] = leastServed();
    resumeSome(tenant);
    afterMicrotasks(() => {
      const ended = now();
      const tookMs = ended - started;
      tenant.usedMs += tookMs;
      tenant.group = Math.min(Math.max(tookMs > GROUP_MS ? tenant.group / 2 : tenant.group * 2, 1), LARGEST_GROUP);
      if (tenant.operations.size + tenant.parts.size === 0) waiting.delete(tenantId);
      if (waiting.size > 0 && ended - sliceBegan < SLICE_MS) serve();
      else schedule();
    });
  }

  /** Of equals, the one that came last: its work is the smaller one. */
  function leastServed(): [string, Tenant] {
    return [...waiting].reduce((least, each) => (each[1].usedMs <= least[1].usedMs ? each : least));
  }

  function take(tenantId: string, kind: 'operations' | 'parts'): Promise<void> | undefined {
    schedule();
    if (waiting.size === 0 && unitsLeft > 0) {
      const time = now();
      began ??= time;
      if (time - began < SLICE_MS) return undefined;
    }
    return new Promise((resolve) => {
      let tenant = waiting.get(tenantId);
      if (tenant === undefined) {
        // Who comes later does not get back the time that the others used before.
        tenant = { operations: new Set(), parts: new Set(), usedMs: leastUsedMs(), group: 1 };
        waiting.set(tenantId, tenant);
      }
      tenant[kind].add(resolve);
    });
  }

  function leastUsedMs(): number {
    return waiting.size === 0 ? 0 : leastServed()[1].usedMs;
  }

  return {
    spend(units) {
      unitsLeft -= units;
      schedule();
    },
    next: (tenantId) => take(tenantId, 'parts'),
    nextOperation: (tenantId) => take(tenantId, 'operations'),
  };
}

/** One operation, or some parts of lists. */
function resumeSome({ operations, parts, group }: Tenant): void {
  const [queue, count] = operations.size > 0 ? [operations, 1] : [parts, group];
  let left = count;
  for (const resume of queue) {
    if (left-- <= 0) return;
    queue.delete(resume);
    resume();
  }
}

/** What is resumed runs as microtasks. A tick that a microtask asks for comes when there are no more of them. */
function afterMicrotasks(work: () => void): void {
  queueMicrotask(() => process.nextTick(work));
}
