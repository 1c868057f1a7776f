/**
 * The samples of a tenant whose reviews change. Changes are found by their time, so those of the last minute are looked
 * at again: clocks differ, and a transaction commits after its time. A follower remembers the versions that it has seen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Waiters } from '../../queue/waiters.js';
import { and, asc, gt, gte, or } from '../../storage/drizzle.js';
import { coalesceRead } from '../../storage/readCoalescing.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { closableEvents } from '../../queue/closableEvents.js';

const PAUSE_MS = 250;
const OVERLAP_MS = 60_000;
/** Samples that are read at once: a day may have many thousands. */
const PAGE = 1_000;

/**
 * Yields ids of samples.
 * @param since also the changes from then on; undefined: only changes that follow
 */
export function followReviews(
  scope: TenantScope,
  since: Date | undefined,
  waiters: Waiters,
): AsyncIterableIterator<string> {
  // No generation has this id, so the event poller wakes the follower regularly.
  const waiter = waiters.waiter(scope.tenantId);
  return closableEvents(pullReviews(scope, since, waiter), waiter);
}

async function* pullReviews(scope: TenantScope, since: Date | undefined, waiter: ReturnType<Waiters['waiter']>) {
  try {
    let horizon = since ?? horizonAt(Date.now());
    let seen = new Map<string, number>();
    if (since === undefined) for await (const { id, version } of changesSince(scope, horizon)) seen.set(id, version);
    while (!waiter.closed) {
      const woken = waiter.next();
      const next = horizonAt(Date.now());
      const looksAgain = new Map<string, number>();
      for await (const { id, version, at } of changesSince(scope, horizon)) {
        if (waiter.closed) return;
        if (at >= next) looksAgain.set(id, version);
        if (seen.get(id) !== version) yield id;
      }
      seen = looksAgain;
      // Reviews from before `since` were not asked for.
      horizon = since !== undefined && since > next ? since : next;
      await woken;
      if (!waiter.closed) await sleep(PAUSE_MS);
    }
  } finally {
    waiter.close();
  }
}

/** In whole seconds, so that followers who are woken together look at the same rows, which is one read. */
function horizonAt(now: number): Date {
  return new Date(Math.floor(now / 1000) * 1000 - OVERLAP_MS);
}

interface Change {
  readonly id: string;
  readonly version: number;
  readonly at: Date;
}

/** By time. A sample that is reviewed again meanwhile comes again. */
async function* changesSince(scope: TenantScope, time: Date): AsyncGenerator<Change> {
  let last: Change | undefined;
  do {
    const page = await pageOfChanges(scope, time, last);
    yield* page;
    last = page.length < PAGE ? undefined : page.at(-1);
  } while (last !== undefined);
}

function pageOfChanges(scope: TenantScope, time: Date, after: Change | undefined): Promise<readonly Change[]> {
  const { database, rows } = scope;
  const from = after?.at ?? time;
  return coalesceRead(scope, `reviews/${from.toISOString()}/${after?.id ?? ''}`, async () => {
    const beyond = after && or(gt(samples.reviewedAt, from), gt(samples.id, after.id));
    const found = await database
      .select({ id: samples.id, version: samples.reviewVersion, at: samples.reviewedAt })
      .from(samples)
      .where(rows(samples, and(gte(samples.reviewedAt, from), beyond)))
      .orderBy(asc(samples.reviewedAt), asc(samples.id))
      .limit(PAGE);
    return found.map(({ id, version, at }) => ({ id, version, at: at ?? from }));
  });
}
