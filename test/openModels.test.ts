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
import { sql } from '../src/storage/drizzle.js';
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

/** @param base the version of a bundle of the tenant's own */
async function adapter(version: string, base?: string): Promise<string> {
  const { manifest, graph } = filesOf('cog');
  if (base !== undefined) manifest.base = { ...manifest.base, name: 'mine', version: base };
  const { phrases, ...own } = { ...manifest, version } as unknown as AdapterManifest;
  const key = newArtifactKey('onnx');
  await store.put(scope.tenantId, key, graph);
  return insert(
    { manifest: own, phrases, base: `${own.base.name}@${own.base.version}`, version },
    key,
    graph.byteLength,
  );
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
      { ...model, phrases: model.phrases as AdapterManifest['phrases'], ownBase: null, contentHash: version, bytes },
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

test("a bundle is open before its adapters and stays for as long as they do; the last adapter's end frees it", async () => {
  const base = await bundle('5.0.1');
  const [first, second] = [await adapter('5.0.2', '5.0.1'), await adapter('5.0.3', '5.0.1')];
  const order: string[] = [];
  const engine = {
    bundles,
    openModel: ({ id, adapter: own }: Bundle) => {
      if (own !== undefined) expect(open).toContain(own.base);
      return Promise.resolve(open.add(id) && 10 * MIB);
    },
    closeModel: (id: string) => void (open.delete(id) && order.push(id)),
  };
  const models = openModels({ engine, mostBytes: 25 * MIB, tryBundle: () => Promise.resolve(10 * MIB) });
  expect(await use(models, first)).toBe(`cog@5.0.2 ${first}`);
  expect(versions()).toEqual(['5.0.1', '5.0.2']);
  // The first adapter makes room; the base has not been used for longer, and stays.
  await use(models, second);
  await until(() => versions().join() === '5.0.1,5.0.3');
  const others = await bundle('5.0.4');
  await models.use(scope, others, async () => {
    await until(() => versions().join() === '5.0.1,5.0.4');
    await use(models, await bundle('5.0.5'));
  });
  await until(() => !versions().includes('5.0.1'));
  expect(order.indexOf(`cog@5.0.3 ${second}`)).toBeLessThan(order.indexOf(`mine@5.0.1 ${base}`));
});

test('an adapter of a bundle whose file was removed cannot be drawn with, and keeps nothing open', async () => {
  const base = await bundle('6.0.1');
  const id = await adapter('6.0.2', '6.0.1');
  const models = openModels({ tryBundle: () => Promise.resolve(MIB) });
  await storage.database.execute(sql`update tenant_model set deleted_at = now(), graph_key = null where id = ${base}`);
  const message = 'model cog@6.0.2 belongs to mine@6.0.1, which is no longer installed';
  await expect(use(models, id)).rejects.toMatchObject({ name: 'ModelUnavailableError', message });
  expect(open.size).toBe(0);
});
