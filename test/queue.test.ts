/** What the queue gives to whom, on a real database, with the clock of its leases moved by hand. */
import { sql } from 'drizzle-orm';
import type { LeaseHolder } from '../src/queue/lease.js';
import { ClaimLostError } from '../src/queue/lease.js';
import {
  updateClaimed,
  claimGeneration,
  generationLease,
  expireLeases,
  recordDeviceCrash,
  releaseGeneration,
  requireFewCrashes,
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

/** Longer ago than any delay. */
const leaseRunsOutLongAgo = () =>
  storage.database.execute(sql`update generation set lease_until = now() - interval '10 minutes'`);

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

/** Whether the claim fails the generation. */
function isGivenUp({ deviceCrashes }: GenerationRow): boolean {
  try {
    requireFewCrashes(deviceCrashes);
    return false;
  } catch (error) {
    expect((error as Error).message).toMatch(/^device workers died 5 times while they drew samples of this generation/);
    return true;
  }
}

test('a process that dies never counts against a generation, which waits longer and longer to be claimed again', async () => {
  const id = await queueUp(scope);
  const claimable = async (secondsAfterLease: number): Promise<boolean> => {
    await storage.database.execute(
      sql`update generation set lease_until = now() - ${secondsAfterLease} * interval '1 second' where id = ${id}`,
    );
    const row = await claimGeneration(storage.database, A, []);
    if (row !== undefined) expect(isGivenUp(row)).toBe(false);
    return row !== undefined;
  };
  expect((await claimGeneration(storage.database, A, []))?.id).toBe(id);
  const delays = [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256];
  for (const seconds of delays) {
    if (seconds > 0) expect(await claimable(seconds > 1 ? seconds / 2 : 0)).toBe(false);
    expect(await claimable(seconds + 0.5)).toBe(true);
  }
  // Others are claimed meanwhile, and a new sample ends the waiting.
  await storage.database.execute(sql`update generation set lease_until = now() where id = ${id}`);
  const other = await queueUp(scope);
  expect((await claimGeneration(storage.database, A, []))?.id).toBe(other);
  await end(other, 'A');
  expect(await claimable(256)).toBe(true);
  await updateClaimed(scope, 'A', id, { moreSamples: 1 }, [{ type: 'SampleReady', sampleId: newId() }]);
  expect(await claimable(0)).toBe(true);
  await end(id, 'A');
});

test('at the start of the only process, the delay begins, and what was handed back has none', async () => {
  const [crashed, released] = [await queueUp(scope), await queueUp(scope)];
  for (const id of [crashed, released]) expect((await claimGeneration(storage.database, A, []))?.id).toBe(id);
  await releaseGeneration(scope, 'A', released, 'stopped');
  await storage.database.execute(sql`update generation set attempts = 6 where id = ${crashed}`);
  await expireLeases(storage.database);
  expect(await claimed()).toBe(released);
  expect(await claimed()).toBeUndefined();
  await storage.database.execute(
    sql`update generation set lease_until = lease_until - interval '8 seconds' where id = ${crashed}`,
  );
  expect(await claimed()).toBe(crashed);
  for (const id of [crashed, released]) await end(id, 'A');
});

test('a row of the older version, which counted the processes that died, is claimed and not given up', async () => {
  const id = await queueUp(scope);
  // That version failed a generation at its sixth claim, and left no time when it gave a lease back.
  await storage.database.execute(
    sql`update generation set status = 'RUNNING', started_at = now(), attempts = 5 where id = ${id}`,
  );
  const row = (await claimGeneration(storage.database, A, [])) as GenerationRow;
  expect([row.id, row.attempts, row.deviceCrashes, isGivenUp(row)]).toEqual([id, 6, 0, false]);
  await end(id, 'A');
});

test('only device crashes without a new sample count towards giving up', async () => {
  const id = await queueUp(scope);
  for (let crash = 1; crash <= 4; crash++) {
    expect(isGivenUp((await claimGeneration(storage.database, A, [])) as GenerationRow)).toBe(false);
    expect(await recordDeviceCrash(scope, 'A', id)).toBe(crash);
    await leaseRunsOutLongAgo();
  }
  await claimGeneration(storage.database, A, []);
  await recordDeviceCrash(scope, 'A', id);
  const payload = { type: 'SampleReady', sampleId: newId() } as const;
  await updateClaimed(scope, 'A', id, { moreSamples: 1 }, [payload]);
  await leaseRunsOutLongAgo();
  const next = (await claimGeneration(storage.database, A, [])) as GenerationRow;
  expect([next.attempts, next.deviceCrashes, isGivenUp(next)]).toEqual([1, 0, false]);
  for (let crash = 1; crash <= 5; crash++) {
    await recordDeviceCrash(scope, 'A', id);
    await leaseRunsOutLongAgo();
    expect(isGivenUp((await claimGeneration(storage.database, A, [])) as GenerationRow)).toBe(crash === 5);
  }
  await expect(recordDeviceCrash(scope, 'B', id)).rejects.toThrow(ClaimLostError);
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
