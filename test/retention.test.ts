/**
 * Retention deletes what the tenant's policy does not keep: rows at once, files with the next sweep, and nothing else.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { openLocalStore } from '../src/artifacts/localStore.js';
import { recordPending, removePending, clearPending, sweepPending } from '../src/artifacts/pendingFiles.js';
import { expireGenerations } from '../src/artifacts/retention.js';
import type { ArtifactStore } from '../src/artifacts/store.js';
import { newArtifactKey, storagePath } from '../src/artifacts/store.js';
import { createDataSet } from '../src/dataSets/createDataSet.js';
import { dataSetsOf } from '../src/dataSets/dataSetRepository.js';
import { createFairSemaphore } from '../src/fairSemaphore.js';
import { createLog } from '../src/log.js';
import { DECODING } from '../src/references/decodingWeight.js';
import type { Storage } from '../src/storage/database.js';
import type { ExportSettings } from '../src/storage/exportJsonColumns.js';
import { newId } from '../src/storage/identifiers.js';
import { openStorage } from '../src/storage/open.js';
import { artifacts, exportSamples, exports, generations, pendingFiles, samples } from '../src/storage/tables.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { databaseOf } from './support/database.js';
import { QUICK, eventsOf, finished, generate } from './support/generations.js';
import { newDataDirectory, startServer } from './support/server.js';

const log = createLog('silent');
const folder = newDataDirectory();
let storage: Storage;
let store: ArtifactStore;
let scope: TenantScope;
let [old, recent] = ['', ''];

beforeAll(async () => {
  const server = await startServer({ DATA_DIR: folder });
  [old, recent] = [
    (await generate(server, { ...QUICK, count: 2, idempotencyKey: 'for ever' })).id,
    (await generate(server, QUICK)).id,
  ];
  for (const id of [old, recent]) await finished(server, id);
  await server.stop();
  storage = await openStorage(await databaseOf(folder));
  store = await openLocalStore(join(folder, 'artifacts'));
  const [row] = await storage.database.select().from(generations).limit(1);
  scope = forTenant(storage.database, row?.tenantId ?? '');
  await storage.database.execute(sql`update generation set finished_at = now() - interval '10 days' where id = ${old}`);
});

const isThere = (key: string): boolean => existsSync(join(folder, 'artifacts', storagePath(scope.tenantId, key) ?? ''));

/** A running one, with this sample. */
async function exportOf(sampleId: string): Promise<string> {
  const { database, own } = scope;
  const counters = { sampleCount: 1, samplesDone: 0, attempts: 1 };
  const settings = { normals: false, heldOutFraction: 0, splitSeed: 0 } as ExportSettings;
  const made = { id: newId(), format: 'COCO' as const, settings, status: 'RUNNING' as const, createdAt: new Date() };
  await database.insert(exports).values(own({ ...made, ...counters, inputHash: '' }));
  await database.insert(exportSamples).values(own({ exportId: made.id, position: 0, sampleId, heldOut: false }));
  return made.id;
}

test('without a policy everything stays, and with one of more days, too', async () => {
  expect(await expireGenerations(storage.database, null, log)).toBe(0);
  expect(await expireGenerations(storage.database, 11, log)).toBe(0);
});

test("the tenant's own days go before the usual ones; what is younger stays, with its files", async () => {
  const before = await storage.database.select().from(artifacts);
  expect(before).toHaveLength(9);
  await storage.database.execute(
    sql`insert into tenant_quota (tenant_id, retention_days) values (${scope.tenantId}, 7)`,
  );
  // A later sample took its defect from the old one.
  const oldSample = sql`(select id from sample where generation_id = ${old} limit 1)`;
  await storage.database.execute(sql`update sample set donor_sample_id = ${oldSample} where generation_id = ${recent}`);
  expect(await expireGenerations(storage.database, null, log)).toBe(0);
  await storage.database.execute(sql`update sample set donor_sample_id = null`);
  // A queued generation will.
  const settings = sql`jsonb_build_object('photograph', jsonb_build_object('transplant', jsonb_build_object('donorSample', ${oldSample})))`;
  const queue = sql`update generation set status = 'QUEUED', settings = settings || ${settings} where id = ${recent}`;
  await storage.database.execute(queue);
  expect(await expireGenerations(storage.database, null, log)).toBe(0);
  await storage.database.execute(
    sql`update generation set status = 'SUCCEEDED', settings = settings - 'photograph' where id = ${recent}`,
  );
  // A data set has one of its samples.
  const [first] = await storage.database.select().from(samples).where(eq(samples.generationId, old));
  const input = { name: 'kept', sampleIds: [first?.id ?? ''] };
  const limits = { dataSetsPerTenant: 1, membersPerDataSet: 1 };
  const context = { store, decoding: createFairSemaphore(DECODING), limits };
  const { id: dataSet } = await createDataSet(scope, context, input, undefined);
  expect(await expireGenerations(storage.database, null, log)).toBe(0);
  await dataSetsOf(scope).delete(dataSet);
  // An export packs one of its samples.
  const packing = await exportOf(first?.id ?? '');
  expect(await expireGenerations(storage.database, null, log)).toBe(0);
  await storage.database
    .update(exports)
    .set({ status: 'FAILED', finishedAt: new Date() })
    .where(eq(exports.id, packing));
  expect(await expireGenerations(storage.database, null, log)).toBe(1);
  const left = await storage.database.select().from(generations);
  expect(left.filter(({ expiredAt }) => expiredAt !== null).map(({ id }) => id)).toEqual([old]);
  expect((await storage.database.select().from(samples)).map(({ generationId }) => generationId)).toEqual([recent]);
  const kept = new Set((await storage.database.select().from(artifacts)).map(({ key }) => key));
  expect(kept.size).toBe(3);
  expect(before.every(({ key }) => isThere(key))).toBe(true);
  expect(await expireGenerations(storage.database, null, log)).toBe(0);
  expect(await sweepPending(storage.database, store, log)).toBe(6);
  for (const { key } of before) expect(isThere(key)).toBe(kept.has(key));
});

test('a file that was announced and never got a row goes when its writer must be dead, and not before', async () => {
  const key = newArtifactKey('png');
  await recordPending(scope, [key]);
  await store.put(scope.tenantId, key, Buffer.from('half of something'));
  expect(await sweepPending(storage.database, store, log)).toBe(0);
  expect(isThere(key)).toBe(true);
  await storage.database.execute(sql`update loose_file set since = now() - interval '16 minutes'`);
  expect(await sweepPending(storage.database, store, log)).toBe(1);
  expect(isThere(key)).toBe(false);
  // A writer that was only slow gets an error, and inserts no row for a removed file.
  await expect(clearPending(scope, [key])).rejects.toThrow('a sweep removed a file');
});

test('a file that cannot be removed keeps none of the others', async () => {
  const keys = Array.from({ length: 12 }, () => newArtifactKey('png'));
  await recordPending(scope, keys);
  await storage.database.execute(sql`update loose_file set since = now() - interval '16 minutes'`);
  const stuck = keys[5];
  const remove: ArtifactStore['remove'] = (tenantId, key) =>
    key === stuck ? Promise.reject(new Error('the store refuses')) : store.remove(tenantId, key);
  await expect(sweepPending(storage.database, { ...store, remove }, log)).rejects.toThrow('the store refuses');
  const left = (await storage.database.select().from(pendingFiles)).map(({ key }) => key);
  expect(left).toContain(stuck);
  expect(left.length).toBeLessThan(12);
  await sweepPending(storage.database, store, log);
  expect(await storage.database.select().from(pendingFiles)).toEqual([]);
});

test('a write whose commit was made, though its answer was lost, keeps its files', async () => {
  const [kept, lost] = [newArtifactKey('png'), newArtifactKey('png')];
  await recordPending(scope, [kept, lost]);
  for (const key of [kept, lost]) await store.put(scope.tenantId, key, Buffer.from('a picture'));
  await scope.transaction((tx) => clearPending(tx, [kept]));
  await removePending(scope, store, [kept, lost]);
  expect([isThere(kept), isThere(lost)]).toEqual([true, false]);
});

test('a file that may still arrive stays on the list', async () => {
  const key = newArtifactKey('png');
  await recordPending(scope, [key]);
  await removePending(scope, store, [key], true);
  await store.put(scope.tenantId, key, Buffer.from('late'));
  await storage.database.execute(sql`update loose_file set since = now() - interval '16 minutes'`);
  expect(await sweepPending(storage.database, store, log)).toBe(1);
  expect(isThere(key)).toBe(false);
});

test('what has expired still stands for its idempotency key, and whoever follows it comes to an end', async () => {
  await storage.close();
  const server = await startServer({ DATA_DIR: folder });
  const again = await generate(server, { ...QUICK, count: 2, idempotencyKey: 'for ever' });
  expect([again.id, again.status, again.samples.edges]).toEqual([old, 'SUCCEEDED', []]);
  expect(await eventsOf(server, old)).toEqual([]);
  await server.stop();
});
