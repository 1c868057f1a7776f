/**
 * The tenants' models that the engine has open. A worker opens one when it draws with it, and keeps it for the next generation. The least
 * recently used ones are closed when there are too many, or when they take too much memory. A bundle stays open as long as its adapters.
 */
import { rm } from 'node:fs/promises';
import type { Bundle, Engine } from '../inference/index.js';
import { BundleError } from '../inference/index.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { LoadOptions, LoadedModel } from './loadModel.js';
import { ModelUnavailableError, createModelLoader } from './loadModel.js';

export interface OpenModels {
  /**
   * Opens the model, and keeps it open until `work` has settled.
   * @param work is given the ID under which the engine has the model
   * @throws ModelUnavailableError. @throws StoreUnavailable, DeviceLostError
   */
  use<T>(scope: TenantScope, id: string, work: (bundle: string) => Promise<T>): Promise<T>;
}

export interface OpenModelsOptions extends Pick<LoadOptions, 'store' | 'log' | 'tryBundle'> {
  readonly engine: Pick<Engine, 'bundles' | 'openModel' | 'closeModel'>;
  /** Models that are open at a time; more only while more are in use. */
  readonly most: number;
  /** The memory that they take together, as measured; more only while more are in use. One bundle takes no more. */
  readonly mostBytes: number;
}

interface Entry {
  readonly loaded: Promise<LoadedModel>;
  /** Generations, and adapters that are kept. */
  users: number;
  /** It is closed, and loaded anew, once nobody uses it. */
  unusable: boolean;
  /** Of memory. */
  bytes: number;
  readonly kept: KeptBase;
}

/** Of an adapter of a bundle of the tenant's own: that bundle, which it uses until it is closed. */
interface KeptBase {
  base?: { readonly id: string; readonly entry: Entry };
}

export function createOpenModels(options: OpenModelsOptions): OpenModels {
  const { engine, most, mostBytes, store, log, tryBundle } = options;
  /** By the ID of the row, the least recently used first. */
  const entries = new Map<string, Entry>();
  const load = createModelLoader({ bundles: engine.bundles, store, log, mostBytes, tryBundle });

  /** Counts one more user of it, and loads it if it is not there. */
  function take(scope: TenantScope, id: string): Entry {
    const entry = entries.get(id) ?? begin(scope, id);
    // The most recently used one is the last.
    entries.delete(id);
    entries.set(id, entry);
    entry.users++;
    return entry;
  }

  function begin(scope: TenantScope, id: string): Entry {
    const kept: KeptBase = {};
    const loaded = load(scope, id, (baseId) => {
      const entry = take(scope, baseId);
      kept.base = { id: baseId, entry };
      return loadedOf(entry, baseId);
    });
    return { loaded, users: 0, unusable: false, bytes: 0, kept };
  }

  function release(id: string, entry: Entry): void {
    entry.users--;
    if (entry.unusable && entry.users === 0) close(id, entry);
  }

  function releaseBase({ kept }: Entry): void {
    const { base } = kept;
    delete kept.base;
    if (base !== undefined) release(base.id, base.entry);
  }

  /** It is loaded and open, and before it its base. */
  async function ready(entry: Entry, id: string): Promise<LoadedModel> {
    const loaded = await loadedOf(entry, id);
    entry.bytes = Math.max(entry.bytes, loaded.bytes);
    try {
      const { base } = entry.kept;
      if (base !== undefined) await ready(base.entry, base.id);
      // Others make room first.
      closeUnused();
      await open(entry, loaded.bundle, id);
    } catch (error) {
      entry.unusable ||= error instanceof ModelUnavailableError;
      throw error;
    }
    return loaded;
  }

  async function open(entry: Entry, bundle: Bundle, id: string): Promise<void> {
    try {
      // Again each time: the engine gives a model up that it could not open in a replaced process.
      entry.bytes = Math.max(entry.bytes, await engine.openModel(bundle));
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      log.error({ model: id, err: error }, 'a model of a tenant cannot be opened');
      throw new ModelUnavailableError(`model ${bundle.name}@${bundle.version} cannot be opened on the devices`);
    }
  }

  /** A model that could not be loaded is loaded anew by the next generation. */
  async function loadedOf(entry: Entry, id: string): Promise<LoadedModel> {
    try {
      return await entry.loaded;
    } catch (error) {
      if (entries.get(id) === entry) entries.delete(id);
      releaseBase(entry);
      throw error;
    }
  }

  function closeUnused(): void {
    const bytes = (): number => [...entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    while (entries.size > most || bytes() > mostBytes) {
      const unused = [...entries].find(([, { users }]) => users === 0);
      if (unused === undefined) return;
      // Its base may be unused then.
      close(...unused);
    }
  }

  function close(id: string, entry: Entry): void {
    entries.delete(id);
    entry.loaded
      .then(async ({ bundle, folder }) => {
        engine.closeModel(bundle.id);
        await rm(folder, { recursive: true, force: true });
      })
      .catch((error: unknown) => log.warn({ model: id, err: error }, 'a model could not be closed'));
    releaseBase(entry);
  }

  return {
    async use(scope, id, work) {
      const entry = take(scope, id);
      try {
        const { bundle } = await ready(entry, id);
        return await work(bundle.id);
      } finally {
        release(id, entry);
        closeUnused();
      }
    },
  };
}
