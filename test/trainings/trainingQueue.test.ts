/** What the queue of trainings gives to whom, and what stays of ended ones; on a real database, with its clock moved by hand. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'drizzle-orm';
import { expireTrainings } from '../../src/artifacts/expireTrainings.js';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { newArtifactKey } from '../../src/artifacts/store.js';
import { readConfig } from '../../src/config.js';
import { pollFollowers } from '../../src/generations/events/eventPoller.js';
import { ClaimLostError } from '../../src/queue/lease.js';
import { createWaiters } from '../../src/queue/waiters.js';
import type { Storage } from '../../src/storage/database.js';
import { newId } from '../../src/storage/identifiers.js';
import { openStorage } from '../../src/storage/open.js';
import type { TrainingRow } from '../../src/storage/tables.js';
import { artifacts, dataSets, pendingFiles, trainingEvents, trainings } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { forTenant } from '../../src/storage/tenantScope.js';
import { ensureTenant } from '../../src/tenants/provisioning.js';
import { requireTrainingMinutes, usageOf } from '../../src/tenants/quotas.js';
import {
  TooManyEvents,
  attemptsExhausted,
  claimTraining,
  mayRetry,
  releaseTraining,
  retryTraining,
  updateTraining,
} from '../../src/trainings/claimTraining.js';
import { removeFoldersOfEnded } from '../../src/trainings/trainer/folders.js';
import { storeModelArchive } from '../../src/trainings/trainer/storeResults.js';
import { countLiveTrainers, registerTrainer } from '../../src/trainings/trainerRegistry.js';
import { MAX_EVENTS, MAX_PROGRESS_EVENTS, imageGridsOf } from '../../src/trainings/trainingEvents.js';
import { createLog } from '../../src/log.js';
import { databaseOf } from '../support/database.js';
import { newDataDirectory, newFolder } from '../support/server.js';
import { entriesIn } from '../support/zip.js';

let storage: Storage;
let [first, second]: TenantScope[] = [];
const LIMITS = readConfig({}).limits.tenant;

beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
  const scopeOf = async (name: string) => forTenant(storage.database, await ensureTenant(storage.database, name));
  [first, second] = [await scopeOf('first'), await scopeOf('second')];
});
afterEach(() => storage.database.execute(sql`delete from training`));
afterAll(() => storage.close());

const mine = (): TenantScope => first as TenantScope;
const theirs = (): TenantScope => second as TenantScope;

async function accept(scope: TenantScope, more: Partial<TrainingRow> = {}): Promise<string> {
  const [id, dataSetId, createdAt] = [newId(), newId(), new Date()];
  const dataSet = { id: dataSetId, name: dataSetId, version: 1, createdAt };
  await scope.database.insert(dataSets).values(scope.own(dataSet));
  const settings = { windows: [], description: '', license: 'CC0-1.0', terms: 'any', seed: null, rank: 16 };
  const named = { kind: 'ADAPTER', base: 'tiny@1.0.0', name: 'parts', version: '1.0.0' } as const;
  const row = { id, dataSetId, ...named, settings, minutes: 10, status: 'QUEUED' as const, inputHash: '', createdAt };
  await scope.database.insert(trainings).values(scope.own({ ...row, ...more }));
  return id;
}

const claim = async (owner: string): Promise<TrainingRow> =>
  (await claimTraining(storage.database, { owner, leaseSeconds: 30 })) as TrainingRow;
const leaseRunsOut = () => storage.database.execute(sql`update training set lease_until = now() - interval '1 second'`);
const rowOf = async (id: string): Promise<TrainingRow | undefined> =>
  (await storage.database.select().from(trainings)).find((row) => row.id === id);

test('tenants take turns, however many trainings one has', async () => {
  const [one, two] = [await accept(mine()), await accept(mine())];
  const other = await accept(theirs());
  expect([(await claim('A')).id, (await claim('B')).id, (await claim('C')).id]).toEqual([one, other, two]);
  expect(await claim('D')).toBeUndefined();
});

test('of equals, the tenant that was served least recently is next', async () => {
  await accept(mine(), { status: 'SUCCEEDED', startedAt: new Date() });
  await accept(theirs(), { status: 'SUCCEEDED', startedAt: new Date(Date.now() - 60_000) });
  const [, other] = [await accept(mine()), await accept(theirs())];
  expect((await claim('A')).id).toBe(other);
});

test('a priority orders the trainings of one tenant, not those of others, and rises by waiting', async () => {
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  await accept(mine(), { createdAt: ago(1) });
  const urgent = await accept(mine(), { priority: 9 });
  const old = await accept(mine(), { createdAt: ago(60) });
  const other = await accept(theirs());
  const claimed = [await claim('A'), await claim('B'), await claim('C')].map(({ id }) => id);
  expect(claimed[0]).toBe(old);
  expect(claimed.slice(1)).toEqual([other, urgent]);
});

test('when a lease runs out another goes on, and whoever slept through it changes nothing any more', async () => {
  const id = await accept(mine());
  await claim('A');
  await leaseRunsOut();
  expect((await claim('B')).attempts).toBe(2);
  const verdict = { pairs: [], outOfTime: [], withoutNormal: [] };
  const judged = { type: 'TrainingJudged', verdict } as const;
  await expect(updateTraining(mine(), 'A', id, { verdict }, judged)).rejects.toThrow(ClaimLostError);
  await updateTraining(mine(), 'B', id, { verdict }, judged);
  expect(await rowOf(id)).toMatchObject({ verdict, lastSeq: 1 });
});

test('an attempt that was released does not count; one that failed waits, and the sixth is one too many', async () => {
  const id = await accept(mine());
  await claim('A');
  await releaseTraining(storage.database, 'A', id);
  const again = await claim('A');
  expect([again.attempts, mayRetry(again)]).toEqual([1, true]);
  await retryTraining(storage.database, 'A', again, { code: 'TRAINING_FAILED', message: 'a fault' });
  expect(await claim('A')).toBeUndefined();
  await storage.database.execute(sql`update training set attempts = 5, lease_until = null`);
  const last = await claim('A');
  expect([attemptsExhausted(last), mayRetry(last)]).toEqual([true, false]);
});

test('a training has so many events and no more, except its last one', async () => {
  const id = await accept(mine(), { lastSeq: MAX_EVENTS });
  await claim('A');
  const noted = { type: 'TrainingNoted', isWarning: false, message: 'one more' } as const;
  await expect(updateTraining(mine(), 'A', id, {}, noted)).rejects.toThrow(TooManyEvents);
  const ended = { status: 'SUCCEEDED', finishedAt: new Date() } as const;
  await updateTraining(mine(), 'A', id, ended, { type: 'TrainingSucceeded' });
  expect(await storage.database.select().from(trainingEvents)).toHaveLength(1);
});

test('a training that was started very often goes on: it has no more events of that, and shows its progress', async () => {
  const id = await accept(mine(), { lastSeq: MAX_PROGRESS_EVENTS });
  await claim('A');
  const progress = { phase: 'adapter', done: 1, total: 2, figures: {}, secondsLeft: 3 };
  await updateTraining(mine(), 'A', id, {}, { type: 'TrainingStarted', attempt: 1 });
  await updateTraining(mine(), 'A', id, { progress }, { type: 'TrainingProgressed', progress });
  expect(await rowOf(id)).toMatchObject({ progress, lastSeq: MAX_PROGRESS_EVENTS });
  await updateTraining(mine(), 'A', id, {}, { type: 'TrainingNoted', isWarning: false, message: 'one more' });
  const events = await storage.database.select().from(trainingEvents);
  expect(events.map(({ seq }) => seq)).toEqual([MAX_PROGRESS_EVENTS + 1]);
});

test('so many minutes a day; of what was canceled or failed, only those that it ran', async () => {
  const [startedAt, finishedAt] = [new Date(Date.now() - 180_000), new Date()];
  await accept(mine(), { status: 'CANCELED', startedAt, finishedAt });
  await accept(mine(), { status: 'CANCELED', finishedAt });
  await accept(mine());
  await accept(theirs());
  expect((await usageOf(mine())).trainingMinutesToday).toBeCloseTo(13, 3);
  const limits = { ...LIMITS, trainingMinutesPerDay: 20 };
  await requireTrainingMinutes(mine(), 7 - 1e-6, limits);
  await expect(requireTrainingMinutes(mine(), 8, limits)).rejects.toMatchObject({
    extensions: { code: 'QUOTA_EXCEEDED', quota: 'trainingMinutesPerDay', limit: 20, requested: 8 },
  });
  await requireTrainingMinutes(mine(), 1e6, LIMITS);
});

test('retention deletes events, image grids, and a model that nobody published', async () => {
  const finishedAt = new Date(Date.now() - 10 * 86_400_000);
  const archiveKey = newArtifactKey('zip');
  const id = await accept(mine(), { status: 'SUCCEEDED', finishedAt, archiveKey, archiveBytes: 1000 });
  const imageKey = newArtifactKey('png');
  const file = { key: imageKey, contentType: 'image/png', width: 1, height: 1, bytes: 10, createdAt: finishedAt };
  await storage.database.insert(artifacts).values(mine().own(file));
  const payload = { type: 'ImageGridReady', imageKey, step: 1, pairs: [] } as const;
  await storage.database.insert(trainingEvents).values(mine().own({ trainingId: id, seq: 1, payload, at: finishedAt }));
  expect(await imageGridsOf(mine(), id)).toHaveLength(1);
  expect([await expireTrainings(storage.database, null), await expireTrainings(storage.database, 11)]).toEqual([0, 0]);
  expect([await expireTrainings(storage.database, 7), await expireTrainings(storage.database, 7)]).toEqual([1, 0]);
  expect(await rowOf(id)).toMatchObject({ archiveKey: null, archiveBytes: null, status: 'SUCCEEDED' });
  expect(await imageGridsOf(mine(), id)).toEqual([]);
  expect(await storage.database.select().from(artifacts)).toEqual([]);
  const removed = (await storage.database.select().from(pendingFiles)).map(({ key }) => key);
  expect(removed.sort()).toEqual([archiveKey, imageKey].sort());
});

test('only folders of trainings that are not finished stay', async () => {
  const [open, ended] = [await accept(mine()), await accept(mine(), { status: 'FAILED' })];
  const folder = newFolder();
  for (const name of [open, ended, newId(), 'notes']) mkdirSync(join(folder, name));
  await removeFoldersOfEnded(storage.database, folder);
  expect([open, ended, 'notes'].map((name) => existsSync(join(folder, name)))).toEqual([true, false, true]);
});

test('a model is packed on the disk of the store, which may be another one, and nothing of it stays after a failure', async () => {
  const [folder, temporary] = [newFolder(), newFolder()];
  writeFileSync(join(folder, 'adapter.json'), JSON.stringify({ modulation: { file: 'graph.onnx' } }));
  writeFileSync(join(folder, 'graph.onnx'), 'graph');
  const packed: string[] = [];
  const putFile = (_tenant: string, _key: string, path: string): Promise<void> => {
    packed.push(dirname(path));
    return Promise.reject(new Error('no answer'));
  };
  const store = { temporary, putFile, remove: () => Promise.resolve() } as unknown as ArtifactStore;
  const result = { scope: mine(), store, folder, maximumModelBytes: 2 ** 20 };
  const storing = storeModelArchive(result, folder, () => Promise.resolve());
  await expect(storing).rejects.toThrow('no answer');
  expect([packed, readdirSync(temporary)]).toEqual([[temporary], []]);
});

test('who follows a training is woken when there is news that nobody told of, and not before', async () => {
  const id = await accept(mine());
  const waiters = createWaiters();
  const waiter = waiters.waiter(id);
  let woken = 0;
  const wait = (): void => void waiter.next().then(() => woken++);
  wait();
  await pollFollowers(storage.database, waiters);
  expect(woken).toBe(0);
  await storage.database.execute(sql`update training set last_seq = 1 where id = ${id}`);
  await pollFollowers(storage.database, waiters);
  expect(woken).toBe(1);
  waiter.seen = 1;
  wait();
  await pollFollowers(storage.database, waiters);
  expect(woken).toBe(1);
  await storage.database.execute(sql`update training set status = 'FAILED', finished_at = now() where id = ${id}`);
  await pollFollowers(storage.database, waiters);
  expect(woken).toBe(2);
});

test('a bundle has as many bytes as it may, and is packed with all its files', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'bundle.json'), '{}');
  writeFileSync(join(folder, 'denoiser.onnx'), Buffer.alloc(1000));
  const temporary = newFolder();
  const moved: string[] = [];
  const putFile = (_: string, key: string, path: string) => Promise.resolve(void moved.push(key, path));
  const store = { temporary, putFile } as unknown as ArtifactStore;
  const result = { scope: mine(), store, folder, maximumModelBytes: 1000 };
  await expect(storeModelArchive(result, folder, () => Promise.resolve())).rejects.toThrow(
    'the model has 1002 bytes; MAX_MODEL_BYTES allows 1000',
  );
  expect([moved, readdirSync(temporary)]).toEqual([[], []]);
  await storeModelArchive({ ...result, maximumModelBytes: 2000 }, folder, () => Promise.resolve());
  expect(entriesIn(readFileSync(moved[1] ?? '')).map(({ name }) => name)).toEqual([
    'model/bundle.json',
    'model/denoiser.onnx',
  ]);
});

test('a trainer is alive while its heart beats', async () => {
  expect(await countLiveTrainers(storage.database)).toBe(0);
  const unregister = await registerTrainer(storage.database, createLog('silent'));
  expect(await countLiveTrainers(storage.database)).toBe(1);
  await storage.database.execute(sql`update trainer set seen_at = now() - interval '21 seconds'`);
  expect(await countLiveTrainers(storage.database)).toBe(0);
  await unregister();
  expect((await storage.database.execute(sql`select from trainer`)).rows).toEqual([]);
});
