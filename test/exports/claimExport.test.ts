/** What the queue of exports gives to whom, on a real database, with the clock of its leases moved by hand. */
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { openLocalStore } from '../../src/artifacts/localStore.js';
import { readConfig } from '../../src/config.js';
import { admitExport } from '../../src/exports/admitExport.js';
import { exportsOf } from '../../src/exports/exportRepository.js';
import {
  claimExport,
  endExport,
  releaseExport,
  mayRetry,
  renewExportLease,
  retryExport,
  attemptsExhausted,
} from '../../src/exports/claimExport.js';
import { ClaimLostError } from '../../src/queue/lease.js';
import type { Storage } from '../../src/storage/database.js';
import { openStorage } from '../../src/storage/open.js';
import type { ExportRow } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { ensureTenant } from '../../src/tenants/provisioning.js';
import { putSampleSet } from '../support/sampleSet.js';
import { databaseOf } from '../support/database.js';
import { newDataDirectory } from '../support/server.js';

let storage: Storage;
let scope: TenantScope;
beforeAll(async () => {
  const directory = newDataDirectory();
  storage = await openStorage(await databaseOf(directory));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'exports'));
  await putSampleSet(scope, await openLocalStore(join(directory, 'artifacts')));
});
afterEach(() => storage.database.execute(sql`delete from export`));
afterAll(() => storage.close());

const accept = (): Promise<ExportRow> => admitExport(scope, readConfig({}).limits, { format: 'COCO' }, {});
const claim = async (owner: string): Promise<ExportRow> => (await claimExport(storage.database, owner)) as ExportRow;
const leaseRunsOut = () => storage.database.execute(sql`update export set lease_until = now() - interval '1 second'`);
const ARCHIVE = {
  status: 'SUCCEEDED',
  sampleCount: 6,
  photographCount: 0,
  archiveKey: 'key',
  archiveBytes: 3e9,
  archiveSha256: 'ff',
} as const;

test('an export is one worker’s at a time, the oldest first', async () => {
  const [first, second] = [await accept(), await accept()];
  expect((await claim('A')).id).toBe(first.id);
  expect((await claim('B')).id).toBe(second.id);
  expect(await claimExport(storage.database, 'C')).toBeUndefined();
});

test('when a lease runs out another goes on, and whoever slept through it changes nothing any more', async () => {
  await accept();
  const slept = await claim('A');
  await renewExportLease(storage.database, 'A', slept, 3);
  await leaseRunsOut();
  const taken = await claim('B');
  expect([taken.id, taken.attempts, taken.samplesDone]).toEqual([slept.id, 2, 0]);
  await expect(renewExportLease(storage.database, 'A', slept, 4)).rejects.toThrow(ClaimLostError);
  await expect(endExport(scope, 'A', slept, ARCHIVE)).rejects.toThrow(ClaimLostError);
  await endExport(scope, 'B', taken, ARCHIVE);
  // An archive may have more bytes than 32 bits can count.
  expect(await exportsOf(scope).byId(slept.id)).toMatchObject({
    status: 'SUCCEEDED',
    archiveBytes: 3e9,
    samplesDone: 6,
  });
});

test('an attempt that fails is followed by another after a pause, with its reason on record, five times', async () => {
  await accept();
  const failure = { code: 'EXPORT_FAILED', message: 'the second picture is missing' } as const;
  for (let attempt = 1; attempt < 5; attempt++) {
    const row = await claim('A');
    expect([row.attempts, mayRetry(row)]).toEqual([attempt, true]);
    await retryExport(storage.database, 'A', row, failure);
    expect(await claimExport(storage.database, 'A')).toBeUndefined();
    expect((await exportsOf(scope).byId(row.id))?.failure).toEqual(failure);
    await leaseRunsOut();
  }
  const last = await claim('A');
  expect([attemptsExhausted(last), mayRetry(last)]).toEqual([false, false]);
  await endExport(scope, 'A', last, { status: 'FAILED', failure });
  expect(await claimExport(storage.database, 'A')).toBeUndefined();
});

test('an export that takes the process with it is not begun a sixth time', async () => {
  await accept();
  for (let attempt = 1; attempt <= 5; attempt++) {
    expect(attemptsExhausted(await claim('A'))).toBe(false);
    await leaseRunsOut();
  }
  expect(attemptsExhausted(await claim('A'))).toBe(true);
});

test('what is handed back is there at once, and the attempt does not count', async () => {
  await accept();
  await releaseExport(storage.database, 'A', await claim('A'));
  expect((await claim('B')).attempts).toBe(1);
});

test('a tenant may have twenty open exports', async () => {
  for (let i = 0; i < 20; i++) await accept();
  await expect(accept()).rejects.toMatchObject({ extensions: { code: 'QUEUE_FULL', retryAfterMs: 30_000, limit: 20 } });
});

test('a tenant with many exports does not keep another tenant’s waiting', async () => {
  await accept();
  await accept();
  await claim('A');
  const second = await accept();
  const other = await ensureTenant(storage.database, 'other');
  await storage.database.execute(sql`
    insert into export (id, tenant_id, format, settings, status, sample_count, input_hash, created_at)
    values ('ffffffff-0000-7000-8000-000000000000', ${other}, 'COCO', '{}', 'QUEUED', 1, '', now())
  `);
  expect((await claim('B')).tenantId).toBe(other);
  expect((await claim('B')).id).not.toBe(second.id);
});
