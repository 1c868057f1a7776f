/**
 * The tenants' models that the engine has open. A worker opens one when it draws with it, and keeps it for the next generation. The least
 * recently used ones are closed when there are too many, or when they take too much memory.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact } from '../artifacts/store.js';
import { ServiceError } from '../errors.js';
import type { Bundle, Engine, TrialLimits } from '../inference/index.js';
import { BundleError, adapterBundle } from '../inference/index.js';
import type { Log } from '../log.js';
import { createSemaphore } from '../semaphore.js';
import type { TenantModelRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { unpackBundle } from './bundleFolder.js';
import { adapterManifest, modelsOf, ownBundle } from './modelRepository.js';

/** The model of a generation cannot be drawn, and trying again does not help. The message is for the tenant. */
export class ModelUnavailableError extends Error {
  override readonly name = 'ModelUnavailableError';
}

export interface OpenModels {
  /**
   * Opens the model, and keeps it open until `work` has settled.
   * @param work is given the ID under which the engine has the model
   * @throws ModelUnavailableError. @throws StoreUnavailable, DeviceLostError
   */
  use<T>(scope: TenantScope, id: string, work: (bundle: string) => Promise<T>): Promise<T>;
}

export interface OpenModelsOptions {
  readonly engine: Pick<Engine, 'bundles' | 'openModel' | 'closeModel'>;
  readonly store: ArtifactStore;
  readonly log: Log;
  /** Models that are open at a time; more only while more are in use. */
  readonly most: number;
  /** The memory that they take together, as measured; more only while more are in use. One bundle takes no more. */
  readonly mostBytes: number;
  /** Draws with a bundle for the first time, and gives the bytes that it took. @throws BundleError */
  readonly tryBundle: (bundle: Bundle, limits: TrialLimits) => Promise<number>;
}

/** Of the processor: fifty times what the default bundle takes. */
const TRIAL_SECONDS = 120;
/** The weights of an adapter, which are stored in two bytes each, are computed in four, and its graph is held twice. */
const BYTES_PER_GRAPH_BYTE = 4;

interface LoadedModel {
  readonly bundle: Bundle;
  /** A folder of its own, with its files. */
  readonly folder: string;
  /** Of memory, as far as is known before it is opened. */
  readonly bytes: number;
}

interface Entry {
  readonly loaded: Promise<LoadedModel>;
  users: number;
  /** It is closed, and loaded anew, once nobody uses it. */
  unusable: boolean;
  /** Of memory. */
  bytes: number;
}

/** Unique among all folders of this process, so that removing one never removes a later one. */
let lastFolder = 0;

export function createOpenModels(options: OpenModelsOptions): OpenModels {
  const { engine, store, log, most, mostBytes } = options;
  /** By the ID of the row, the least recently used first. */
  const entries = new Map<string, Entry>();
  const trials = createSemaphore(1);

  async function load(scope: TenantScope, id: string): Promise<LoadedModel> {
    const row = await modelsOf(scope).whole(id);
    if (row === undefined || row.graphKey === null)
      throw new ModelUnavailableError('the model was deleted, and its file was removed');
    const folder = join(store.temporary, `model-${String(++lastFolder)}`);
    try {
      const loading = row.base === null ? loadBundle : loadAdapter;
      const { bundle, bytes } = await loading(scope, row, row.graphKey, folder);
      return { bundle: { ...bundle, id: `${bundle.id} ${id}` }, folder, bytes };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (!(error instanceof MissingArtifact)) throw error;
      log.error({ tenant: scope.tenantId, model: id, err: error }, 'the file of a model is lost');
      throw new ModelUnavailableError(`the file of model ${nameOf(row)} is lost; upload it again with another version`);
    }
  }

  async function loadAdapter(
    { tenantId }: TenantScope,
    row: TenantModelRow,
    key: string,
    folder: string,
  ): Promise<Omit<LoadedModel, 'folder'>> {
    const base = engine.bundles.find((bundle) => bundle.id === row.base);
    if (base === undefined)
      throw new ModelUnavailableError(`model ${nameOf(row)} belongs to ${String(row.base)}, which is no longer installed`);
    const graph = await store.read(tenantId, key);
    const manifest = adapterManifest(row, row.phrases);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, manifest.modulation.file), graph, { mode: 0o600 });
    return { bundle: adapterBundle(manifest, base, folder), bytes: BYTES_PER_GRAPH_BYTE * graph.byteLength };
  }

  async function loadBundle(
    scope: TenantScope,
    row: TenantModelRow,
    key: string,
    folder: string,
  ): Promise<Omit<LoadedModel, 'folder'>> {
    if (row.trial !== null && 'problem' in row.trial) throw cannotBeDrawn(row, row.trial.problem);
    // What is stored was checked, and its files are verified again when a device opens them.
    await unpackBundle(await store.local(scope.tenantId, key), folder, row.bytes).catch((error: unknown) => {
      if (!(error instanceof ServiceError)) throw error;
      throw new MissingArtifact(error.message);
    });
    const bundle = ownBundle(row, folder);
    return { bundle, bytes: row.trial?.bytes ?? (await trials.run(1, () => tried(scope, row, bundle))) };
  }

  /** Another worker may try it at the same time, and finds about the same. */
  async function tried(scope: TenantScope, row: TenantModelRow, bundle: Bundle): Promise<number> {
    try {
      const bytes = await options.tryBundle(bundle, { seconds: TRIAL_SECONDS, bytes: mostBytes });
      await modelsOf(scope).recordTrial(row.id, { bytes });
      log.info({ tenant: scope.tenantId, model: row.id, bytes }, "a tenant's bundle was tried");
      return bytes;
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      log.error({ tenant: scope.tenantId, model: row.id, err: error }, "a tenant's bundle cannot be drawn with");
      // Without the folders of this machine.
      const problem = error.problems.join('; ').replaceAll(`${bundle.directory}/`, '').slice(0, 1000);
      await modelsOf(scope).recordTrial(row.id, { problem });
      throw cannotBeDrawn(row, problem);
    }
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
      throw error;
    }
  }

  function closeUnused(): void {
    let bytes = [...entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
    for (const [id, entry] of entries) {
      if (entries.size <= most && bytes <= mostBytes) return;
      if (entry.users > 0) continue;
      bytes -= entry.bytes;
      close(id, entry);
    }
  }

  function close(id: string, { loaded }: Entry): void {
    entries.delete(id);
    loaded
      .then(async ({ bundle, folder }) => {
        engine.closeModel(bundle.id);
        await rm(folder, { recursive: true, force: true });
      })
      .catch((error: unknown) => log.warn({ model: id, err: error }, 'a model could not be closed'));
  }

  return {
    async use(scope, id, work) {
      const entry = entries.get(id) ?? { loaded: load(scope, id), users: 0, unusable: false, bytes: 0 };
      // The most recently used one is the last.
      entries.delete(id);
      entries.set(id, entry);
      entry.users++;
      try {
        const { bundle, bytes } = await loadedOf(entry, id);
        entry.bytes = Math.max(entry.bytes, bytes);
        // Others make room first.
        closeUnused();
        await open(entry, bundle, id).catch((error: unknown) => {
          entry.unusable ||= error instanceof ModelUnavailableError;
          throw error;
        });
        return await work(bundle.id);
      } finally {
        entry.users--;
        if (entry.unusable && entry.users === 0) close(id, entry);
        closeUnused();
      }
    },
  };
}

const nameOf = ({ name, version }: TenantModelRow): string => `${name}@${version}`;

function cannotBeDrawn(row: TenantModelRow, problem: string): ModelUnavailableError {
  return new ModelUnavailableError(`model ${nameOf(row)} ${problem}`);
}
