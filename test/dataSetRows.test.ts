/** Data sets of photographs that an older version stored, and of a training that is not finished. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { ArtifactStore } from '../src/artifacts/store.js';
import { dataSetsOf } from '../src/dataSets/dataSetRepository.js';
import type { Database } from '../src/storage/database.js';
import { newId } from '../src/storage/identifiers.js';
import { openStorage } from '../src/storage/open.js';
import { dataSets, references, regionMasks } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { writeDataSet } from '../src/trainings/trainer/writeDataSet.js';
import { createDataSet, sendArchive, sendDefective, sendGood, testedIn, tileEntries } from './support/dataSets.js';
import { databaseOf } from './support/database.js';
import { zipOf } from './support/models.js';
import { newDataDirectory, newFolder, startServer } from './support/server.js';

const dataDirectory = newDataDirectory();

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const { database, close } = await openStorage(await databaseOf(dataDirectory));
  const result = await work(database);
  await close();
  return result;
}

test('photographs without the hash of their pixels are measured, once, and divided by source all the same', async () => {
  const first = await startServer({ DATA_DIR: dataDirectory });
  const archive = await zipOf(await tileEntries());
  await sendArchive(first, archive, { name: 'packed before' });
  const both = [await sendDefective(first, 7, 'CRACK'), await sendDefective(first, 7, 'SCRATCH', 30)];
  const others = [await sendDefective(first, 8), await sendDefective(first, 9), await sendGood(first, 7)];
  await first.stop();
  const before = await withDatabase(async (database) => {
    const hashes = await database.select().from(references).orderBy(references.id);
    await database.execute(sql`update reference set pixel_hash = null`);
    await database.execute(sql`update region_mask set border_fraction = null`);
    return hashes;
  });

  const second = await startServer({ DATA_DIR: dataDirectory });
  const referenceIds = [...both, ...others];
  for (let splitSeed = 0; splitSeed < 6; splitSeed++) {
    const tested = testedIn(await createDataSet(second, { name: 'older', referenceIds, splitSeed }));
    expect(new Set([...both, others[2] ?? ''].map((id) => tested.includes(id))).size).toBe(1);
  }
  const again = await sendArchive(second, archive, { name: 'packed again' });
  expect(again.dataSet.counts).toMatchObject({ goodPhotographs: 3, defectivePhotographs: 2 });
  await second.stop();
  await withDatabase(async (database) => {
    const after = await database.select().from(references).orderBy(references.id);
    const good = (row: { readonly id: string }) => row.id === others[2];
    expect(after.filter((row) => !good(row))).toEqual(before.filter((row) => !good(row)));
    const masks = await database.select().from(regionMasks);
    expect(masks.every(({ borderFraction }) => borderFraction !== null && borderFraction > 0)).toBe(true);
  });
});

test('a disk that is full while photographs are copied for a training gets its space back', () =>
  withDatabase(async (database) => {
    const [dataSet] = await database.select().from(dataSets).limit(1);
    const [own, folder] = [forTenant(database, dataSet?.tenantId ?? ''), newFolder()];
    const source = join(newFolder(), 'photograph.png');
    writeFileSync(source, 'pixels');
    let copied = 0;
    const local = () =>
      ++copied < 3 ? Promise.resolve(source) : Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    const store = { local } as unknown as ArtifactStore;
    const { signal } = new AbortController();
    await expect(writeDataSet(own, store, dataSet?.id ?? '', join(folder, 'data'), signal)).rejects.toThrow('full');
    expect([copied, readdirSync(folder)]).toEqual([3, []]);
  }));

test('a training that learns from a data set keeps it until it is finished', () =>
  withDatabase(async (database) => {
    const [dataSet] = await database.select().from(dataSets).limit(1);
    const training = newId();
    await database.execute(sql`
      insert into training (id, tenant_id, data_set_id, kind, base, name, version, settings, minutes, status, input_hash, created_at)
      select ${training}, tenant_id, id, 'ADAPTER', 'tiny@1.0.0', 'mine', '1.0.0', '{}', 1, 'QUEUED', '', now()
      from data_set where id = ${dataSet?.id}`);
    const own = dataSetsOf(forTenant(database, dataSet?.tenantId ?? ''));
    await expect(own.delete(dataSet?.id ?? '')).rejects.toMatchObject({
      extensions: { code: 'DATA_SET_IN_USE', field: 'id', trainingId: training },
    });
    await database.execute(sql`update training set status = 'CANCELED', finished_at = now()`);
    expect((await own.delete(dataSet?.id ?? '')).deletedAt).not.toBeNull();
  }));
