/** Samples that are ready at the same moment: committed together, and each as if it were alone. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asc, eq, sql } from 'drizzle-orm';
import { openLocalStore } from '../src/artifacts/localStore.js';
import type { ArtifactStore } from '../src/artifacts/store.js';
import { claimGeneration } from '../src/generations/worker/claimGeneration.js';
import type { ClaimedGeneration } from '../src/generations/worker/claimGeneration.js';
import type { PersistSample } from '../src/generations/worker/persistSample.js';
import { createSamplePersister } from '../src/generations/worker/persistSample.js';
import type { SampleResult } from '../src/inference/index.js';
import type { Provenance } from '../src/marking/provenance.js';
import type { Storage } from '../src/storage/database.js';
import { newId } from '../src/storage/identifiers.js';
import { openStorage } from '../src/storage/open.js';
import type { GenerationRow } from '../src/storage/tables.js';
import { events, generations, pendingFiles, samples, webhookDeliveries } from '../src/storage/tables.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf } from './support/database.js';
import { queueUp } from './support/queue.js';
import { newDataDirectory } from './support/server.js';

const folder = newDataDirectory();
let storage: Storage;
let scope: TenantScope;
let store: ArtifactStore;
let transactions: number;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(folder), {
    onStatement: (text) => (transactions += Number(/^update "generation"/.test(text))),
  });
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'storing'));
  store = await openLocalStore(join(folder, 'artifacts'));
});
afterAll(() => storage.close());

async function claimed(count: number): Promise<ClaimedGeneration> {
  await queueUp(scope, count);
  const row = (await claimGeneration(storage.database, { owner: 'A', leaseSeconds: 30 }, [])) as GenerationRow;
  transactions = 0;
  return { scope, row, owner: 'A' };
}

const png = new Uint8Array(100);
const RESULT: SampleResult = {
  ...{ id: '', width: 8, height: 8, image: png, mask: png, overlay: png, areaFraction: 0, boundingBoxes: [] },
  ...{ region: null, ignore: null, twin: null, confidence: 0, scores: null, allowedArea: null, transplant: null },
};
const put = (storing: PersistSample, indexes: readonly number[]) =>
  Promise.allSettled(indexes.map((index) => storing({ index, draw: 1, seed: index, strength: 1 }, null, RESULT)));

/** Indexes and events, in the order of their seq, and how many files there are and are announced. */
async function keptOf({ row }: ClaimedGeneration) {
  const kept = await storage.database.select().from(samples).where(eq(samples.generationId, row.id));
  const told = await storage.database
    .select()
    .from(events)
    .where(eq(events.generationId, row.id))
    .orderBy(asc(events.seq));
  const [{ samplesDone = 0, lastSeq = 0 } = {}] = await storage.database
    .select()
    .from(generations)
    .where(eq(generations.id, row.id));
  const indexes = new Map(kept.map(({ id, index }) => [id, index]));
  const ready = told.flatMap(({ payload }) => (payload.type === 'SampleReady' ? [indexes.get(payload.sampleId)] : []));
  return { ready, seqs: told.map(({ seq }) => seq), samplesDone, lastSeq };
}

const files = async (): Promise<number> =>
  (await readdir(join(folder, 'artifacts'), { recursive: true })).filter((name) => name.endsWith('.png')).length;

test.each([
  ['noise', null, null, 'trainedAlgorithmicMedia', 'tiny@1.0.0'],
  ['a photograph', {}, 'r', 'compositeWithTrainedAlgorithmicMedia', 'tiny@1.0.0'],
  ['its own twin', { onTwin: true }, null, 'trainedAlgorithmicMedia', 'tiny@1.0.0'],
  ['a transplant', { transplant: { notHarmonized: 'NOT_REQUESTED' } }, 'r', 'compositeCapture', null],
  [
    'a harmonized one',
    { transplant: { notHarmonized: null } },
    'r',
    'compositeWithTrainedAlgorithmicMedia',
    'tiny@1.0.0',
  ],
])('the mark of a sample from %s', async (_, photograph, referenceId, sourceType, model) => {
  const holder = await claimed(1);
  const settings = { ...holder.row.settings, bundle: 'tiny@1.0.0', photograph } as GenerationRow['settings'];
  const seen: Provenance[] = [];
  const refuse = new Error('seen');
  const persist = createSamplePersister(
    { ...holder, row: { ...holder.row, settings } },
    store,
    (images, provenance) => {
      expect(images).toEqual([png, png, png]);
      seen.push(provenance);
      return Promise.reject(refuse);
    },
  );
  const images = { referenceId, baseSampleId: null, defectReferenceId: null, donorSampleId: null };
  await expect(persist({ index: 0, draw: 1, seed: 0, strength: 1 }, images, RESULT)).rejects.toMatchObject({
    cause: refuse,
  });
  expect(seen).toEqual([{ sampleId: expect.stringMatching(/^[0-9a-f-]{36}$/), sourceType, model }]);
});

test('every sample has its own event, and they share transactions', async () => {
  const holder = await claimed(8);
  const before = await files();
  await put(createSamplePersister(holder, store), [0, 1, 2, 3, 4, 5, 6, 7]);
  const { ready, ...rest } = await keptOf(holder);
  expect(rest).toEqual({ seqs: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], samplesDone: 8, lastSeq: 10 });
  expect([...ready].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await files()).toBe(before + 24);
  expect(await storage.database.select().from(pendingFiles)).toEqual([]);
  expect(transactions).toBeLessThan(8);
});

test('one that cannot be stored takes none of the others with it, and leaves no file', async () => {
  const holder = await claimed(4);
  const before = await files();
  const outcomes = await put(createSamplePersister(holder, store), [0, 1, 1, 2, 3]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
    { reason: { name: 'StorageFailedError' } },
  ]);
  const { ready, ...rest } = await keptOf(holder);
  expect(rest).toEqual({ seqs: [1, 2, 3, 4, 5, 6], samplesDone: 4, lastSeq: 6 });
  expect([...ready].sort()).toEqual([0, 1, 2, 3]);
  expect(await files()).toBe(before + 12);
  expect(await storage.database.select().from(pendingFiles)).toEqual([]);
});

test('when the claim is lost, none is stored', async () => {
  const holder = await claimed(4);
  const before = await files();
  await storage.database.execute(sql`update generation set lease_owner = 'B' where id = ${holder.row.id}`);
  const outcomes = await put(createSamplePersister(holder, store), [0, 1, 2, 3]);
  expect(outcomes).toMatchObject(Array(4).fill({ reason: { name: 'ClaimLostError' } }));
  expect(await keptOf(holder)).toEqual({ ready: [], seqs: [1, 2], samplesDone: 0, lastSeq: 2 });
  expect(await files()).toBe(before);
});

test('a webhook is told of each sample as if it had come by itself', async () => {
  const holder = await claimed(5);
  await storage.database.execute(sql`
    insert into webhook (id, tenant_id, url, events, secret, enabled, created_at)
    values (${newId()}, ${scope.tenantId}, 'https://example.org', '["SAMPLE_READY"]', '', true, now())
  `);
  await put(createSamplePersister(holder, store), [0, 1, 2, 3, 4]);
  const told = (await storage.database.select().from(webhookDeliveries).orderBy(asc(webhookDeliveries.id))).map(
    ({ body }) => JSON.parse(body).data,
  );
  expect(told.map(({ samplesDone }) => samplesDone)).toEqual([1, 2, 3, 4, 5]);
  expect(told.map(({ sample }) => sample.index)).toEqual((await keptOf(holder)).ready);
});
