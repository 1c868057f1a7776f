/** Thousands of reviews since a time: each comes once, in the order of their times, page after page. */
import { join } from 'node:path';
import { openLocalStore } from '../src/artifacts/localStore.js';
import { followReviews } from '../src/generations/events/reviewEvents.js';
import { createWaiters } from '../src/queue/waiters.js';
import { newId } from '../src/storage/identifiers.js';
import { openStorage } from '../src/storage/open.js';
import type { NewSampleRow } from '../src/storage/tables.js';
import { samples } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf } from './support/database.js';
import { putSampleSet } from './support/sampleSet.js';
import { newDataDirectory } from './support/server.js';

const MANY = 2_500;

test('a page is read when the one before it has been taken, also between reviews of one moment', async () => {
  const directory = newDataDirectory();
  let reads = 0;
  const onStatement = (statement: string) => {
    if (/^select .*"reviewed_at"/.test(statement)) reads++;
  };
  const storage = await openStorage(await databaseOf(directory), { onStatement });
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'reviews'));
  const made = await putSampleSet(scope, await openLocalStore(join(directory, 'artifacts')));
  const [one] = made.samples as [NewSampleRow];
  const since = new Date(Date.now() - 3_600_000);
  const times = new Map<string, number>();
  for (let from = 0; from < MANY; from += 500) {
    const rows = Array.from({ length: 500 }, (_, i) => {
      const reviewedAt = new Date(since.getTime() + (i % 3) * 1000);
      return scope.own({ ...one, id: newId(), index: 100 + from + i, reviewVersion: 1, reviewedAt });
    });
    for (const { id, reviewedAt } of rows) times.set(id, reviewedAt.getTime());
    await storage.database.insert(samples).values(rows);
  }

  const seen: string[] = [];
  for await (const id of followReviews(scope, since, createWaiters())) {
    seen.push(id);
    if (seen.length === 1) expect(reads).toBe(1);
    if (seen.length === MANY) break;
  }
  expect(reads).toBe(3);
  expect([...times.keys()].sort()).toEqual(seen.toSorted());
  const order = seen.map((id) => times.get(id) ?? 0);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  await storage.close();
});
