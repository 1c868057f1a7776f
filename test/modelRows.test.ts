/** What is kept of the models that tenants uploaded and deleted, and what a worker does with one that cannot be opened. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { recordPending } from '../src/artifacts/pendingFiles.js';
import { removeDeletedModels } from '../src/artifacts/retention.js';
import { openLocalStore } from '../src/artifacts/localStore.js';
import { newArtifactKey } from '../src/artifacts/store.js';
import { readConfig } from '../src/config.js';
import { admitExport } from '../src/exports/admitExport.js';
import { writeArchive } from '../src/exports/writeArchive.js';
import type { AdapterManifest, Bundle } from '../src/inference/index.js';
import { BundleError, loadBundles, tryBundle } from '../src/inference/index.js';
import { createLog } from '../src/log.js';
import type { StoredManifest } from '../src/storage/tables.js';
import { modelsOf } from '../src/models/modelRepository.js';
import { createOpenModels } from '../src/models/openModels.js';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { usageOf } from '../src/tenants/quotas.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { databaseOf } from './support/database.js';
import { filesOf } from './support/models.js';
import { putSampleSet } from './support/sampleSet.js';
import { newDataDirectory } from './support/server.js';
import { entriesIn, textIn } from './support/zip.js';

const directory = newDataDirectory();
const { manifest: cog, graph } = filesOf('cog');
let storage: Storage;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(directory));
});
afterAll(() => storage.close());

const tenant = async (name: string): Promise<TenantScope> =>
  forTenant(storage.database, await ensureTenant(storage.database, name));

async function insert(
  scope: TenantScope,
  version: string,
  most: number,
  key = newArtifactKey('onnx'),
): Promise<string> {
  await recordPending(scope, [key]);
  const { phrases, ...manifest } = { ...cog, version } as unknown as AdapterManifest;
  const model = { manifest, phrases, contentHash: version, base: 'student@1.0.0', ownBase: null, bytes: 700 };
  return scope.transaction((tx) => modelsOf(tx).insert(model, key, most));
}

test('of a deleted model stays what samples need, and the same files bring the rest back', async () => {
  const scope = await tenant('one who changes its mind');
  const id = await insert(scope, '1.0.0', 1);
  const whole = await modelsOf(scope).whole(id);
  expect(whole?.phrases).toEqual(cog.phrases);
  expect((await usageOf(scope)).storedBytes).toBe(700);
  await modelsOf(scope).delete('cog@1.0.0');
  await removeDeletedModels(storage.database);
  const { name, version, license } = whole?.manifest ?? {};
  expect(await modelsOf(scope).whole(id)).toMatchObject({ graphKey: null, phrases: {}, bytes: 700 });
  expect((await modelsOf(scope).byId(id))?.manifest).toEqual({ name, version, license });
  expect((await usageOf(scope)).storedBytes).toBe(0);
  const key = newArtifactKey('onnx');
  expect(await insert(scope, '1.0.0', 1, key)).toBe(id);
  expect(await modelsOf(scope).whole(id)).toEqual({ ...whole, graphKey: key });
});

test('the file of a deleted bundle stays for as long as an adapter of it has its own', async () => {
  const scope = await tenant('one with a base of its own');
  const key = newArtifactKey('zip');
  await recordPending(scope, [key]);
  const manifest = { ...cog, name: 'student' } as unknown as StoredManifest;
  const bundle = { manifest, phrases: {}, contentHash: 'x', base: null, ownBase: null, bytes: 1 };
  const base = await scope.transaction((tx) => modelsOf(tx).insert(bundle, key, 5));
  const adapter = await insert(scope, '1.0.0', 5);
  const keys = () => Promise.all([adapter, base].map(async (id) => (await modelsOf(scope).byId(id))?.graphKey));
  const [own] = await keys();
  await modelsOf(scope).delete('cog@1.0.0');
  await modelsOf(scope).delete('student@1.0.0');
  await removeDeletedModels(storage.database);
  expect([own, await keys()]).toEqual([expect.any(String), [null, key]]);
  await removeDeletedModels(storage.database);
  expect(await keys()).toEqual([null, null]);
});

test('the rows of deleted models are limited, and one of them can still be restored', async () => {
  const scope = await tenant('one who never stops');
  for (let i = 0; i < 50; i++) {
    await insert(scope, `1.0.${String(i)}`, 1);
    await modelsOf(scope).delete(`cog@1.0.${String(i)}`);
  }
  await expect(insert(scope, '2.0.0', 1)).rejects.toMatchObject({
    message: expect.stringMatching(/^body: the tenant has had 50 models, and 50 are allowed, deleted ones included/),
    code: 'TOO_MANY_MODELS',
  });
  await insert(scope, '1.0.7', 1);
  await expect(insert(scope, '1.0.8', 1)).rejects.toMatchObject({
    message: 'body: the tenant has 1 models, and 1 are allowed; delete one with deleteModel first',
  });
});

test('a model that cannot be opened leaves no folder, and the next generation loads it anew', async () => {
  const scope = await tenant('one who is unlucky');
  const store = await openLocalStore(join(directory, 'artifacts'));
  const key = newArtifactKey('onnx');
  await store.put(scope.tenantId, key, graph);
  const id = await insert(scope, '1.0.0', 1, key);
  const opened: string[] = [];
  const engine = {
    bundles: await loadBundles(STUDENT_MODELS),
    openModel({ adapter }: Bundle) {
      opened.push(adapter?.directory ?? '');
      const problems = ['is not what a device wants'];
      return opened.length === 1 ? Promise.reject(new BundleError('a graph', problems)) : Promise.resolve(0);
    },
    closeModel: () => undefined,
  };
  const models = createOpenModels({ engine, store, log: createLog('silent'), most: 5, mostBytes: 2 ** 30, tryBundle });
  const work = (name: string) => Promise.resolve(name);
  await expect(models.use(scope, id, work)).rejects.toThrow('model cog@1.0.0 cannot be opened on the devices');
  expect(await models.use(scope, id, work)).toBe(`cog@1.0.0 ${id}`);
  await models.use(scope, id, work);
  const [first, second, third] = opened;
  expect([second === first, third === second]).toEqual([false, true]);
  expect(readdirSync(store.temporary).map((name) => join(store.temporary, name))).toEqual([second]);
});

test('an export lists the licences of two models of one name, when the operator has one of the name too', async () => {
  const scope = await tenant('one who shares a name');
  const store = await openLocalStore(join(directory, 'artifacts'));
  await putSampleSet(scope, store);
  const own = { id: await insert(scope, '1.0.0', 1), base: 'student@1.0.0' };
  await storage.database.execute(
    sql`update generation set settings = settings || ${JSON.stringify({ tenantModel: own })}::jsonb
      where id = (select id from generation where tenant_id = ${scope.tenantId} order by id limit 1)`,
  );
  const row = await admitExport(scope, readConfig({}).limits, { format: 'COCO' }, {});
  const file = join(store.temporary, 'archive');
  const licenceOf = (_: string, ownId?: string) => ({ id: ownId ?? 'Apache-2.0', terms: '', sources: [] });
  const signal = new AbortController().signal;
  await writeArchive({ scope, row, store, version: '1', licenceOf, signal, onProgress: () => undefined }, file);
  const { models } = JSON.parse(textIn(entriesIn(readFileSync(file)), 'manifest.json'));
  expect(models).toMatchObject([
    { model: 'tiny@1.0.0', license: { id: 'Apache-2.0' } },
    { model: 'tiny@1.0.0', license: { id: own.id } },
  ]);
});
