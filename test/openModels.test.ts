/** Which models of tenants a worker keeps open: as many as may be, and as many bytes of memory; and what it learns of a bundle. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { recordPending } from '../src/artifacts/pendingFiles.js';
import type { ArtifactStore } from '../src/artifacts/store.js';
import { openLocalStore } from '../src/artifacts/localStore.js';
import { newArtifactKey } from '../src/artifacts/store.js';
import type { AdapterManifest, Bundle } from '../src/inference/index.js';
import { BundleError, loadBundles } from '../src/inference/index.js';
import { createLog } from '../src/log.js';
import type { StoredManifest } from '../src/storage/tables.js';
import { modelsOf } from '../src/models/modelRepository.js';
import type { OpenModels, OpenModelsOptions } from '../src/models/openModels.js';
import { createOpenModels } from '../src/models/openModels.js';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { bundleArchive, bundleFiles } from './support/bundles.js';
import { databaseOf } from './support/database.js';
import { filesOf } from './support/models.js';
import { newDataDirectory } from './support/server.js';
import { until } from './support/until.js';

const directory = newDataDirectory();
const MIB = 2 ** 20;
let storage: Storage;
let store: ArtifactStore;
let scope: TenantScope;
let bundles: readonly Bundle[];
/** By name@version, what the engine has open. */
const open = new Set<string>();

beforeAll(async () => {
  storage = await openStorage(await databaseOf(directory));
  store = await openLocalStore(join(directory, 'artifacts'));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'tenant'));
  bundles = await loadBundles(STUDENT_MODELS);
});
afterAll(() => storage.close());
beforeEach(() => open.clear());

async function adapter(version: string): Promise<string> {
  const { manifest, graph } = filesOf('cog');
  const { phrases, ...own } = { ...manifest, version } as unknown as AdapterManifest;
  const key = newArtifactKey('onnx');
  await store.put(scope.tenantId, key, graph);
  return insert({ manifest: own, phrases, base: 'student@1.0.0', version }, key, graph.byteLength);
}

async function bundle(version: string): Promise<string> {
  const archive = await bundleArchive();
  const key = newArtifactKey('zip');
  await store.put(scope.tenantId, key, archive);
  const { manifest } = bundleFiles();
  return insert(
    { manifest: { ...manifest, version } as StoredManifest, phrases: {}, base: null, version },
    key,
    2 * MIB,
  );
}

async function insert(
  { version, ...model }: { manifest: StoredManifest; phrases: object; base: string | null; version: string },
  key: string,
  bytes: number,
): Promise<string> {
  await recordPending(scope, [key]);
  return scope.transaction((tx) =>
    modelsOf(tx).insert(
      { ...model, phrases: model.phrases as AdapterManifest['phrases'], contentHash: version, bytes },
      key,
      50,
    ),
  );
}

/** @param taken bytes that each adapter takes when it is opened */
function openModels(options: Partial<OpenModelsOptions>, taken = 0): OpenModels {
  const engine = {
    bundles,
    openModel: ({ id }: Bundle) => Promise.resolve(open.add(id) && taken),
    closeModel: (id: string) => void open.delete(id),
  };
  const usual = { most: 50, mostBytes: 1024 * MIB, tryBundle: () => Promise.reject(new Error('nothing is tried')) };
  return createOpenModels({ engine, store, log: createLog('silent'), ...usual, ...options });
}

const use = (models: OpenModels, id: string): Promise<string> => models.use(scope, id, (name) => Promise.resolve(name));
const versions = (): string[] => [...open].map((id) => /@([\d.]+)/.exec(id)?.[1] ?? '').sort();

test('the least recently used ones are closed when all of them take too much memory, as measured', async () => {
  const ids = [await adapter('1.0.1'), await adapter('1.0.2'), await adapter('1.0.3')] as const;
  const models = openModels({ mostBytes: 25 * MIB }, 10 * MIB);
  await use(models, ids[0]);
  await use(models, ids[1]);
  await use(models, ids[0]);
  await use(models, ids[2]);
  await until(() => versions().join() === '1.0.1,1.0.3');
  await until(() => readdirSync(store.temporary).length === 2);
});

test('one that is in use stays, whatever it takes', async () => {
  const ids = [await adapter('2.0.1'), await adapter('2.0.2')] as const;
  const models = openModels({ mostBytes: 15 * MIB }, 10 * MIB);
  await models.use(scope, ids[0], async () => {
    await use(models, ids[1]);
    expect(versions()).toContain('2.0.1');
  });
});

test('a bundle is tried once, and makes room before it is opened', async () => {
  const [small, large] = [await adapter('3.0.1'), await bundle('3.0.2')];
  let trials = 0;
  const tryBundle = (): Promise<number> => Promise.resolve(++trials && 20 * MIB);
  const models = openModels({ mostBytes: 25 * MIB, tryBundle }, 10 * MIB);
  await use(models, small);
  await models.use(scope, large, () => {
    expect(versions()).toEqual(['3.0.2']);
    return Promise.resolve();
  });
  const others = openModels({ mostBytes: 25 * MIB, tryBundle });
  await use(others, large);
  expect(trials).toBe(1);
  expect((await modelsOf(scope).byId(large))?.trial).toEqual({ bytes: 20 * MIB });
});

test('a bundle that did not pass is not tried again, and leaves no folder', async () => {
  const id = await bundle('4.0.0');
  const before = readdirSync(store.temporary).length;
  let tried: Bundle | undefined;
  const models = openModels({
    tryBundle(bundleOfTrial) {
      tried = bundleOfTrial;
      const file = join(bundleOfTrial.directory, 'denoiser.onnx');
      return Promise.reject(new BundleError(file, [`${file} takes 9 MiB of memory`]));
    },
  });
  const message = 'model mine@4.0.0 denoiser.onnx takes 9 MiB of memory';
  await expect(use(models, id)).rejects.toMatchObject({ name: 'ModelUnavailableError', message });
  expect(tried?.directory).toContain(store.temporary);
  await expect(use(openModels({}), id)).rejects.toMatchObject({ message });
  expect([readdirSync(store.temporary).length, open.size]).toEqual([before, 0]);
});
