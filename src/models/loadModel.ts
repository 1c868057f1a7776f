/** Brings the files of a tenant's model into a folder, from which the engine opens it. A bundle is tried before it is drawn with for the first time. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact } from '../artifacts/store.js';
import type { Bundle, TrialLimits } from '../inference/index.js';
import { BundleError, adapterBundle, baseOfAdapter } from '../inference/index.js';
import type { Log } from '../log.js';
import { createSemaphore } from '../semaphore.js';
import type { TenantModelRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { unpackStoredBundle } from './bundleFolder.js';
import { adapterManifest, modelsOf, ownBundle } from './modelRepository.js';

/** The model of a generation cannot be drawn, and trying again does not help. The message is for the tenant. */
export class ModelUnavailableError extends Error {
  override readonly name = 'ModelUnavailableError';
}

export interface LoadedModel {
  /** Under the ID that the engine has it by, which no other tenant's model has. */
  readonly bundle: Bundle;
  /** A folder of its own, with its files. */
  readonly folder: string;
  /** Of memory, as far as is known before it is opened. */
  readonly bytes: number;
}

export interface LoadOptions {
  /** Those of the operator. */
  readonly bundles: readonly Bundle[];
  readonly store: ArtifactStore;
  readonly log: Log;
  /** The memory that one bundle may take. */
  readonly mostBytes: number;
  /** Draws with a bundle for the first time, and gives the bytes that it took. @throws BundleError */
  readonly tryBundle: (bundle: Bundle, limits: TrialLimits) => Promise<number>;
}

/** Loads the bundle of the tenant's own with this ID, and keeps it for as long as the adapter is kept that is loaded now. */
type KeepBase = (id: string) => Promise<LoadedModel>;

/** Of the processor: fifty times what the default bundle takes. */
const TRIAL_SECONDS = 120;
/** The weights of an adapter, which are stored in two bytes each, are computed in four, and its graph is held twice. */
const BYTES_PER_GRAPH_BYTE = 4;

/** Unique among all folders of this process, so that removing one never removes a later one. */
let lastFolder = 0;

interface Loading {
  readonly scope: TenantScope;
  readonly row: TenantModelRow;
  /** Of its file in the store. */
  readonly key: string;
  readonly folder: string;
  readonly keepBase: KeepBase;
}

type Loaded = Pick<LoadedModel, 'bundle' | 'bytes'>;

/** @param id of the row @throws ModelUnavailableError, StoreUnavailable */
export type LoadModel = (scope: TenantScope, id: string, keepBase: KeepBase) => Promise<LoadedModel>;

export function createModelLoader({ bundles, store, log, mostBytes, tryBundle }: LoadOptions): LoadModel {
  const trials = createSemaphore(1);

  const load: LoadModel = async (scope, id, keepBase) => {
    const row = await modelsOf(scope).whole(id);
    if (row === undefined || row.graphKey === null)
      throw new ModelUnavailableError('the model was deleted, and its file was removed');
    const folder = join(store.temporary, `model-${String(++lastFolder)}`);
    try {
      const loading = row.base === null ? loadBundle : loadAdapter;
      const { bundle, bytes } = await loading({ scope, row, key: row.graphKey, folder, keepBase });
      return { bundle: { ...bundle, id: `${bundle.id} ${id}` }, folder, bytes };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (!(error instanceof MissingArtifact)) throw error;
      log.error({ tenant: scope.tenantId, model: id, err: error }, 'the file of a model is lost');
      throw new ModelUnavailableError(`the file of model ${nameOf(row)} is lost; upload it again with another version`);
    }
  };

  async function loadAdapter({ scope, row, key, folder, keepBase }: Loading): Promise<Loaded> {
    const manifest = adapterManifest(row, row.phrases);
    const base = baseOfAdapter(manifest, bundles) ?? (await keepBase(await ownBaseOf(scope, row))).bundle;
    const graph = await store.read(scope.tenantId, key);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, manifest.modulation.file), graph, { mode: 0o600 });
    return { bundle: adapterBundle(manifest, base, folder), bytes: BYTES_PER_GRAPH_BYTE * graph.byteLength };
  }

  async function loadBundle({ scope, row, key, folder }: Loading): Promise<Loaded> {
    if (row.trial !== null && 'problem' in row.trial) throw cannotBeDrawn(row, row.trial.problem);
    // Its files are verified again when a device opens them.
    await unpackStoredBundle(store, { tenantId: scope.tenantId, key, bytes: row.bytes }, folder);
    const bundle = ownBundle(row, folder);
    return { bundle, bytes: row.trial?.bytes ?? (await trials.run(1, () => tried(scope, row, bundle))) };
  }

  /** Another worker may try it at the same time, and finds about the same. */
  async function tried(scope: TenantScope, row: TenantModelRow, bundle: Bundle): Promise<number> {
    try {
      const bytes = await tryBundle(bundle, { seconds: TRIAL_SECONDS, bytes: mostBytes });
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

  return load;
}

/** The ID of its row. Also of one that was deleted: its file stays for as long as an adapter of it has its own. */
async function ownBaseOf(scope: TenantScope, row: TenantModelRow): Promise<string> {
  const found = row.base === null ? undefined : await modelsOf(scope).byName(row.base);
  const isThere = found !== undefined && found.base === null && found.graphKey !== null;
  if (isThere && baseOfAdapter(adapterManifest(row, {}), [ownBundle(found, '')]) !== undefined) return found.id;
  throw new ModelUnavailableError(`model ${nameOf(row)} belongs to ${String(row.base)}, which is no longer installed`);
}

const nameOf = ({ name, version }: TenantModelRow): string => `${name}@${version}`;

function cannotBeDrawn(row: TenantModelRow, problem: string): ModelUnavailableError {
  return new ModelUnavailableError(`model ${nameOf(row)} ${problem}`);
}
