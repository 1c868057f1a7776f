/** Unpacks the zip of a bundle's folder into a folder. The zip is untrusted: its entries are counted, and bounded before and while inflated. */
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path/posix';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Entry, ZipFile } from 'yauzl';
import { openPromise } from 'yauzl';
import { requireFreeSpace } from '../artifacts/freeSpace.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact, StoreUnavailable } from '../artifacts/store.js';
import { ServiceError, quote } from '../errors.js';
import { ARCHIVE_LIMITS, IGNORED, invalid } from './readArchive.js';

export const BUNDLE_MANIFEST = 'bundle.json';
const DISK = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);
const FILE_NAME = /^[A-Za-z0-9_][\w.-]{0,99}$/;

/** Whether the zip has a bundle.json: otherwise it is an adapter, or nothing. */
export async function isBundleArchive(path: string): Promise<boolean> {
  return withZip(path, async (zip) => {
    for await (const { fileName } of zip.eachEntry()) if (basename(fileName) === BUNDLE_MANIFEST) return true;
    return false;
  });
}

/**
 * @param folder is made, and removed if the archive is refused
 * @param most bytes of all files
 * @returns the names of its files
 * @throws ServiceError MODEL_ARCHIVE_INVALID. @throws StoreUnavailable on a full disk
 */
export async function unpackBundle(path: string, folder: string, most: number): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await withZip(path, (zip) => unpackEntries(zip, folder, most));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * The same for a bundle of the store, which was checked before it was stored.
 * @param bytes of all its files
 * @throws MissingArtifact also if it is damaged. @throws StoreUnavailable
 */
export async function unpackStoredBundle(
  store: ArtifactStore,
  { tenantId, key, bytes }: { readonly tenantId: string; readonly key: string; readonly bytes: number },
  folder: string,
): Promise<void> {
  await unpackBundle(await store.local(tenantId, key), folder, bytes).catch((error: unknown) => {
    throw error instanceof ServiceError ? new MissingArtifact(error.message) : error;
  });
}

async function unpackEntries(zip: ZipFile, folder: string, most: number): Promise<readonly string[]> {
  const names = new Set<string>();
  let parent: string | undefined;
  let left = most;
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    if (fileName.endsWith('/') || IGNORED.test(fileName)) continue;
    parent ??= dirname(fileName);
    const name = basename(fileName);
    if (dirname(fileName) !== parent) throw invalid(`has ${quote(fileName)} in another folder than the other files`);
    if (!FILE_NAME.test(name)) throw invalid(`has a file with the name ${quote(name)}; letters, digits, "_", "-", "." are allowed`);
    if (names.has(name)) throw invalid(`has ${quote(name)} twice`);
    names.add(name);
    const bound = name === BUNDLE_MANIFEST ? ARCHIVE_LIMITS.manifestBytes : left;
    left -= await inflate(zip, entry, join(folder, name), bound, most);
  }
  if (!names.has(BUNDLE_MANIFEST)) throw invalid(`has no ${BUNDLE_MANIFEST} beside its other files`);
  return [...names];
}

/** The size that an entry states is checked first; that it states the right one, by yauzl, while it is inflated. */
async function inflate(zip: ZipFile, entry: Entry, target: string, left: number, most: number): Promise<number> {
  const { fileName, uncompressedSize } = entry;
  if (uncompressedSize > left)
    throw invalid(
      `has ${quote(fileName)} with ${String(uncompressedSize)} bytes; at most ${String(left)} are allowed, and ${String(most)} for all files`,
      { max: left, value: uncompressedSize },
    );
  await requireFreeSpace(dirname(target), uncompressedSize);
  await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  return uncompressedSize;
}

async function withZip<T>(path: string, use: (zip: ZipFile) => Promise<T>): Promise<T> {
  const zip = await openPromise(path).catch((error: unknown) => {
    throw invalid(`is not a zip file: ${(error as Error).message}`);
  });
  try {
    if (zip.entryCount > ARCHIVE_LIMITS.entries)
      throw invalid(`has ${String(zip.entryCount)} entries; at most ${String(ARCHIVE_LIMITS.entries)} are allowed`, {
        max: ARCHIVE_LIMITS.entries,
        value: zip.entryCount,
      });
    return await use(zip);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (error instanceof ServiceError || error instanceof StoreUnavailable) throw error;
    // A full disk is not the archive's fault.
    if (DISK.has(code)) throw new StoreUnavailable(message, { cause: error });
    throw invalid(`cannot be read: ${message}`);
  } finally {
    zip.close();
  }
}
