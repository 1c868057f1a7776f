/**
 * The samples of a tenant whose reviews change. Changes are found by their time, so those of the last minute are looked
 * at again: clocks differ, and a transaction commits after its time. A follower remembers the versions that it has seen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Waiters } from '../../queue/waiters.js';
import { asc, gte } from '../../storage/drizzle.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { closableEvents } from './closableEvents.js';

const PAUSE_MS = 250;
const OVERLAP_MS = 60_000;

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
    let horizon = since ?? new Date(Date.now() - OVERLAP_MS);
    let seen = new Map(since === undefined ? await versionsSince(scope, horizon) : []);
    while (!waiter.closed) {
      const woken = waiter.next();
      const lookedAt = Date.now();
      const current = new Map(await versionsSince(scope, horizon));
      for (const [id, version] of current) {
        if (waiter.closed) return;
        if (seen.get(id) !== version) yield id;
      }
      seen = current;
      horizon = new Date(lookedAt - OVERLAP_MS);
      await woken;
      if (!waiter.closed) await sleep(PAUSE_MS);
    }
  } finally {
    waiter.close();
  }
}

async function versionsSince({ database, rows }: TenantScope, time: Date): Promise<[string, number][]> {
  const found = await database
    .select({ id: samples.id, version: samples.reviewVersion })
    .from(samples)
    .where(rows(samples, gte(samples.reviewedAt, time)))
    .orderBy(asc(samples.reviewedAt), asc(samples.id));
  return found.map(({ id, version }) => [id, version]);
}
