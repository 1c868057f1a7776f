/** What the queue gives to whom, on a real database, with the clock of its leases moved by hand. */
import { sql } from 'drizzle-orm';
import type { LeaseHolder } from '../src/queue/lease.js';
import {
  updateClaimed,
  claimGeneration,
  generationLease,
  attemptsExhausted,
} from '../src/generations/worker/claimGeneration.js';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import { newId } from '../src/storage/identifiers.js';
import type { GenerationRow } from '../src/storage/tables.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { queueUp } from './support/queue.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

const [A, B] = ['A', 'B'].map((owner) => ({ owner, leaseSeconds: 30 })) as [LeaseHolder, LeaseHolder];

let storage: Storage;
let scope: TenantScope;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'queue'));
});
afterAll(() => storage.close());

const leaseRunsOut = () =>
  storage.database.execute(sql`update generation set lease_until = now() - interval '1 second'`);

test('a worker that slept through its leases does not claim again what it is still drawing', async () => {
  const id = await queueUp(scope);
  expect((await claimGeneration(storage.database, A, []))?.id).toBe(id);
  await leaseRunsOut();
  expect(await claimGeneration(storage.database, A, [id])).toBeUndefined();
  expect(await generationLease.renew(storage.database, A, [id])).toEqual(new Set([id]));
  // Nobody renewed this time, and another worker is there: it goes on, and the sleeper hears that it lost it.
  await leaseRunsOut();
  expect((await claimGeneration(storage.database, B, []))?.id).toBe(id);
  expect(await generationLease.renew(storage.database, A, [id])).toEqual(new Set());
  await end(id, 'B');
});

test('what a worker has let go of is not renewed with the rest, and is claimed again', async () => {
  const [kept, dropped] = [await queueUp(scope), await queueUp(scope)];
  for (const id of [kept, dropped]) expect((await claimGeneration(storage.database, A, []))?.id).toBe(id);
  await leaseRunsOut();
  expect(await generationLease.renew(storage.database, A, [kept])).toEqual(new Set([kept]));
  expect((await claimGeneration(storage.database, A, [kept]))?.id).toBe(dropped);
  for (const id of [kept, dropped]) await end(id, 'A');
});

test('only attempts without a new sample count towards giving up', async () => {
  const id = await queueUp(scope);
  for (let attempt = 1; attempt <= 5; attempt++) {
    expect(attemptsExhausted((await claimGeneration(storage.database, A, [])) as GenerationRow)).toBe(false);
    await leaseRunsOut();
  }
  await claimGeneration(storage.database, A, []);
  const payload = { type: 'SampleReady', sampleId: newId() } as const;
  await updateClaimed(scope, 'A', id, { moreSamples: 1 }, [payload]);
  await leaseRunsOut();
  const next = (await claimGeneration(storage.database, A, [])) as GenerationRow;
  expect([next.attempts, attemptsExhausted(next)]).toEqual([1, false]);
  for (let attempt = 2; attempt <= 6; attempt++) {
    await leaseRunsOut();
    expect(attemptsExhausted((await claimGeneration(storage.database, A, [])) as GenerationRow)).toBe(attempt > 5);
  }
  await end(id, 'A');
});

/** Waiting for so many minutes. */
async function queuedAt(tenant: TenantScope, priority: number, minutes: number): Promise<string> {
  const id = await queueUp(tenant);
  await storage.database.execute(
    sql`update generation set priority = ${priority}, created_at = now() - ${minutes * 60 + 10} * interval '1 second' where id = ${id}`,
  );
  return id;
}

const claimed = async (): Promise<string | undefined> => (await claimGeneration(storage.database, A, []))?.id;

test('a minute of waiting is worth a level of priority', async () => {
  const patient = await queuedAt(scope, 0, 5);
  const ordinary = await queuedAt(scope, 4, 0);
  const urgent = await queuedAt(scope, 9, 0);
  const order = [await claimed(), await claimed(), await claimed(), await claimed()];
  expect(order).toEqual([urgent, patient, ordinary, undefined]);
  for (const id of [urgent, patient, ordinary]) await end(id, 'A');
});

test('of what is as urgent, the tenant that has the least running goes first; what a worker left goes before what waits less', async () => {
  const other = forTenant(storage.database, await ensureTenant(storage.database, 'another'));
  const long = [await queuedAt(scope, 0, 1), await queuedAt(scope, 0, 1), await queuedAt(scope, 0, 1)];
  const short = await queuedAt(other, 0, 1);
  expect([await claimed(), await claimed(), await claimed()]).toEqual([long[0], short, long[1]]);
  await leaseRunsOut();
  expect([await claimed(), await claimed(), await claimed(), await claimed()]).toEqual([
    long[0],
    short,
    long[1],
    long[2],
  ]);
  for (const id of long) await end(id, 'A');
  await updateClaimed(other, 'A', short, { status: 'SUCCEEDED', finishedAt: new Date() }, [
    { type: 'GenerationSucceeded' },
  ]);
});

test('workers that claim at the same moment get one each', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) ids.push(await queueUp(scope));
  const rows = await Promise.all(ids.map(() => claimGeneration(storage.database, A, [])));
  expect(new Set(rows.map((row) => row?.id))).toEqual(new Set(ids));
  for (const id of ids) await end(id, 'A');
});

async function end(id: string, owner: string): Promise<void> {
  await updateClaimed(scope, owner, id, { status: 'SUCCEEDED', finishedAt: new Date() }, [
    { type: 'GenerationSucceeded' },
  ]);
}
