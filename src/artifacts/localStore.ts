/**
 * Artifacts on the local disk. A file is written under a temporary name, flushed, and then renamed, so a file under its
 * final name is always complete.
 */
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireFreeSpace } from './freeSpace.js';
import type { ArtifactStore } from './store.js';
import { MissingArtifact, StoreUnavailable, requireStoragePath } from './store.js';
import { openTemporaryFolder, touchFolder } from './temporaryFolder.js';

/** The disk is full or cannot be written to. */
const TRANSIENT_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES', 'ESTALE']);

/** @param alone whether no other process uses this folder */
export async function openLocalStore(root: string, alone = true): Promise<ArtifactStore> {
  const temporary = await openTemporaryFolder(join(root, 'tmp'), alone);
  const fileOf = (tenantId: string, key: string): string => join(root, requireStoragePath(tenantId, key));

  /** Folders whose own directory entries are flushed. */
  const durableFolders = new Map<string, Promise<void>>();

  function durableFolder(folder: string): Promise<void> {
    const known = durableFolders.get(folder);
    if (known !== undefined) return known;
    const made = makeFolder(folder);
    durableFolders.set(folder, made);
    made.catch(() => durableFolders.delete(folder));
    return made;
  }

  async function makeFolder(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const above of [dirname(folder), root]) await flushDirectory(above);
  }

  async function publish(draft: string, tenantId: string, key: string): Promise<void> {
    const target = fileOf(tenantId, key);
    const folder = dirname(target);
    await durableFolder(folder);
    await rename(draft, target).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      durableFolders.delete(folder); // another process removed the folder
      await durableFolder(folder);
      await rename(draft, target);
    });
    await flushDirectory(folder);
  }

  return {
    temporary,
    async put(tenantId, key, bytes) {
      const draft = join(temporary, key);
      try {
        await writeDurably(draft, bytes).catch(async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          await touchFolder(temporary);
          await writeDurably(draft, bytes);
        });
        await publish(draft, tenantId, key);
      } catch (error) {
        await rm(draft, { force: true }).catch(() => undefined);
        throw toStoreError(error);
      }
    },
    async putFile(tenantId, key, path) {
      try {
        await flush(path);
        await publish(path, tenantId, key);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    read: (tenantId, key) =>
      readFile(fileOf(tenantId, key)).catch((error: unknown) => Promise.reject(toStoreError(error))),
    async local(tenantId, key) {
      const file = fileOf(tenantId, key);
      await access(file).catch((error: unknown) => Promise.reject(toStoreError(error)));
      return file;
    },
    async remove(tenantId, key) {
      await rm(fileOf(tenantId, key), { force: true });
    },
    directUrl: () => Promise.resolve(undefined),
    async check() {
      await touchFolder(temporary).catch((error: unknown) => Promise.reject(toStoreError(error)));
      await requireFreeSpace(temporary).catch((error: unknown) => Promise.reject(toStoreError(error)));
    },
  };
}

function toStoreError(error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new MissingArtifact(message, { cause: error });
  return TRANSIENT_CODES.has(code ?? '') ? new StoreUnavailable(message, { cause: error }) : (error as Error);
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** Makes the directory entry durable. Some systems do not allow opening a folder. */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}
