/** A packed model that was checked: an adapter or a bundle, with its file for the artifact store. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore, Extension } from '../artifacts/store.js';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { ServiceError, quote } from '../errors.js';
import { createZipWriter } from '../artifacts/zipWriter.js';
import type { AdapterManifest, Bundle } from '../inference/index.js';
import { BundleError, checkAdapterGraph, parseAdapter } from '../inference/index.js';
import { boundedManifest } from './boundedManifest.js';
import { isBundleArchive, unpackBundle } from './bundleFolder.js';
import { checkBundle } from './checkBundle.js';
import type { ListedModel, NewModel } from './modelRepository.js';
import { modelsOf, ownBundle } from './modelRepository.js';
import { readArchive } from './readArchive.js';

export interface CheckedModel {
  readonly model: NewModel;
  readonly extension: Extension;
  /** Once. */
  put(store: ArtifactStore, tenantId: string, key: string): Promise<void>;
  /** Removes what lies on the disk of it. */
  remove(): Promise<void>;
}

export interface CheckContext {
  readonly scope: TenantScope;
  readonly store: Pick<ArtifactStore, 'temporary' | 'local'>;
  /** Those of the operator. */
  readonly models: ModelRegistry;
  /** Of a bundle, unpacked. */
  readonly maximumModelBytes: number;
}

/** @param path of the zip @throws ServiceError MODEL_…. @throws StoreUnavailable on a full disk */
export async function checkModel(context: CheckContext, path: string): Promise<CheckedModel> {
  try {
    return (await isBundleArchive(path)) ? await packedBundle(context, path) : await packedAdapter(context, path);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    const problems = error.problems.slice(0, 10).map((problem) => `${error.file}: ${problem}`);
    throw new ServiceError('MODEL_INVALID', `body: ${problems.join('; ')}`, { field: 'body', problems });
  }
}

/** Its files are packed again, uncompressed, so that a worker unpacks them fast, and nothing else is stored. */
async function packedBundle(context: CheckContext, path: string): Promise<CheckedModel> {
  const { models, maximumModelBytes } = context;
  const draft = draftOf(context);
  const remove = (): Promise<void> => rm(draft, { recursive: true, force: true });
  const files = await unpackBundle(path, draft, maximumModelBytes);
  try {
    const { bundle, text } = await checkBundle(draft, files);
    requireNameOfOwn(models, bundle.name);
    const packed = join(draft, 'packed.zip');
    // The same files make the same zip.
    const zip = createZipWriter(packed, new Date(0));
    for (const name of [...files].sort()) await zip.stored(`${bundle.name}/${name}`, createReadStream(join(draft, name)));
    const { bytes } = await zip.end();
    const contentHash = createHash('sha256').update(text).digest('hex');
    const model = { manifest: bundle.manifest, phrases: {}, contentHash, base: null, ownBase: null, bytes };
    return { model, extension: 'zip', put: (to, tenantId, key) => to.putFile(tenantId, key, packed), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function packedAdapter(context: CheckContext, path: string): Promise<CheckedModel> {
  const { manifest: text, graphFile, graph } = await readArchive(path);
  const { phrases, ...manifest } = boundedManifest(text, 'adapter.json');
  const found = await ownBaseOf(context, manifest);
  const draft = draftOf(context);
  try {
    const operators = context.models.all.filter(({ adapter }) => adapter === undefined);
    const bundles = found === undefined ? operators : [await unpackedBase(context, found, draft)];
    const { name, adapter } = parseAdapter(text, { file: 'adapter.json', directory: '', bundles });
    requireNameOfOwn(context.models, name);
    requireSameFile(adapter.modulation, graphFile, graph);
    const base = bundles.find(({ id }) => id === adapter.base);
    if (base === undefined) throw new Error(`the base ${adapter.base} is not there`);
    checkAdapterGraph(graphFile, graph, { phrases: Object.values(phrases)[0]?.length ?? 0, base });
    const contentHash = createHash('sha256').update(text).update(graph).digest('hex');
    const bytes = graph.byteLength + Buffer.byteLength(text);
    return {
      model: { manifest, phrases, contentHash, base: adapter.base, ownBase: found?.id ?? null, bytes },
      extension: 'onnx',
      put: (store, tenantId, key) => store.put(tenantId, key, graph),
      remove: () => Promise.resolve(),
    };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The bundle of the tenant's own that the manifest names as base, if the operator has none of that name. The manifest is not checked yet. */
async function ownBaseOf({ scope, models }: CheckContext, { base }: Unchecked): Promise<ListedModel | undefined> {
  const id = `${String(base?.name)}@${String(base?.version)}`;
  if (models.all.some((bundle) => bundle.id === id || bundle.name === base?.name)) return undefined;
  const found = await modelsOf(scope).byName(id);
  return found?.deletedAt === null && found.base === null ? found : undefined;
}

type Unchecked = Partial<Pick<AdapterManifest, 'base'>>;

/** With its files, because the graph of an adapter must fit those of its base. */
async function unpackedBase({ scope, store }: CheckContext, row: ListedModel, folder: string): Promise<Bundle> {
  if (row.graphKey === null) throw new Error(`the model ${row.id} has no file`);
  await unpackBundle(await store.local(scope.tenantId, row.graphKey), folder, row.bytes);
  return ownBundle(row, folder);
}

const draftOf = ({ store }: CheckContext): string =>
  join(store.temporary, `bundle-${randomBytes(16).toString('hex')}`);

function requireNameOfOwn(models: ModelRegistry, name: string): void {
  if (!models.all.some((bundle) => bundle.name === name)) return;
  throw new ServiceError(
    'MODEL_NAME_TAKEN',
    `name: ${quote(name)} is the name of a model of this service; export the model with another name`,
    { field: 'name' },
  );
}

function requireSameFile(
  { file, sha256, bytes }: { readonly file: string; readonly sha256: string; readonly bytes: number },
  graphFile: string,
  graph: Buffer,
): void {
  if (file !== graphFile)
    throw new BundleError('adapter.json', [`/modulation/file: names ${quote(file)}, but the archive has ${quote(graphFile)}`]);
  const found = createHash('sha256').update(graph).digest('hex');
  if (graph.byteLength === bytes && found === sha256) return;
  throw new BundleError(file, [
    `has ${String(graph.byteLength)} bytes and SHA-256 ${found}; adapter.json says ${String(bytes)} and ${sha256}; zip the folder again`,
  ]);
}
