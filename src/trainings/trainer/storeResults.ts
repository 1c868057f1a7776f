/** Moves what a training wrote into the artifact store: image grids, and the exported model as a zip. */
import { lstat, mkdir, readFile, readdir, realpath, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { requireFreeSpace } from '../../artifacts/freeSpace.js';
import { clearPending, recordPending, removePending } from '../../artifacts/pendingFiles.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { StoreUnavailable, newArtifactKey } from '../../artifacts/store.js';
import type { NewArtifact } from '../../artifacts/writeArtifacts.js';
import { writeArtifacts } from '../../artifacts/writeArtifacts.js';
import { createZipWriter } from '../../artifacts/zipWriter.js';
import { BUNDLE_MANIFEST } from '../../models/bundleFolder.js';
import { ARCHIVE_LIMITS } from '../../models/readArchive.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { LineError } from './trainingLine.js';

const MAX_IMAGE_BYTES = 32 * 2 ** 20;
const PNG_HEADER_BYTES = 24;
const PNG_SIGNATURE = '89504e470d0a1a0a';
const MANIFESTS = new Set(['adapter.json', BUNDLE_MANIFEST]);

/** Throws `LineError` for a file elsewhere, or that is no PNG file within the bounds. */
export async function storeImageGrid<T>(
  scope: TenantScope,
  store: ArtifactStore,
  folder: string,
  path: string,
  mark: (png: Uint8Array) => Uint8Array,
  commit: (file: NewArtifact) => Promise<T>,
): Promise<T> {
  const written = await readBounded(folder, path, MAX_IMAGE_BYTES);
  if (written.subarray(0, 8).toString('hex') !== PNG_SIGNATURE || written.byteLength < PNG_HEADER_BYTES)
    throw new LineError(`${path} is no PNG file`);
  const png = Buffer.from(mark(written));
  const image = { png, width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
  return writeArtifacts(scope, store, [image], ([file]) => commit(file as NewArtifact));
}

export interface ModelResult {
  readonly scope: TenantScope;
  readonly store: ArtifactStore;
  /** Of the training. */
  readonly folder: string;
  /** Of a bundle. */
  readonly maximumModelBytes: number;
}

/** Throws `LineError` for files elsewhere, or larger than those of an upload may be. */
export async function storeModelArchive(
  { scope, store, folder, maximumModelBytes }: ModelResult,
  model: string,
  commit: (key: string, bytes: number, clear: (tx: TenantScope) => Promise<void>) => Promise<void>,
): Promise<void> {
  const key = newArtifactKey('zip');
  // Beside the store, which may be another disk than that of the training.
  const draft = join(store.temporary, key);
  await mkdir(store.temporary, { recursive: true, mode: 0o700 });
  const zip = createZipWriter(draft, new Date());
  try {
    for (const { name, most } of await filesOf(model, maximumModelBytes)) {
      const content = await readBounded(folder, join(model, name), most);
      await requireFreeSpace(store.temporary, content.byteLength);
      await zip.stored(`model/${name}`, Readable.from([content]));
    }
    const { bytes } = await zip.end();
    await recordPending(scope, [key]);
    try {
      await store.putFile(scope.tenantId, key, draft);
      await commit(key, bytes, (tx) => clearPending(tx, [key]));
    } catch (error) {
      await removePending(scope, store, [key], error instanceof StoreUnavailable);
      throw error;
    }
  } catch (error) {
    await zip.abandon();
    await rm(draft, { force: true });
    throw error;
  }
}

/** Throws `LineError` for more files, or larger ones, than an upload may have. */
async function filesOf(model: string, maximumModelBytes: number): Promise<{ name: string; most: number }[]> {
  const names = (await readdir(model)).sort();
  const isBundle = names.includes(BUNDLE_MANIFEST);
  const most = isBundle ? maximumModelBytes : ARCHIVE_LIMITS.graphBytes;
  if (names.length > ARCHIVE_LIMITS.entries) throw new LineError(`the model has ${String(names.length)} files`);
  let bytes = 0;
  for (const name of names) bytes += (await lstat(join(model, name))).size;
  if (isBundle && bytes > most)
    throw new LineError(`the model has ${String(bytes)} bytes; MAX_MODEL_BYTES allows ${String(most)}`);
  return names.map((name) => ({ name, most: MANIFESTS.has(name) ? ARCHIVE_LIMITS.manifestBytes : most }));
}

/** A file below the folder of the training, whatever links the child made. */
async function readBounded(folder: string, path: string, most: number): Promise<Buffer> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || !real.startsWith(`${await realpath(folder)}${sep}`))
    throw new LineError(`${path} is not below the folder of the training`);
  const { size } = await lstat(real);
  if (size > most) throw new LineError(`${path} has ${String(size)} bytes; at most ${String(most)} are allowed`);
  return readFile(real);
}
