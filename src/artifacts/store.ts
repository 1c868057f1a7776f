/**
 * Artifacts on the local disk. A file is written under a temporary name, flushed to the disk and then renamed,
 * so whatever has its name is whole; a database row is made after that. Keys are unguessable and used once.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export type Extension = 'png' | 'zip';

export interface ArtifactStore {
  /** Returns the key. When it does, the bytes survive a power cut. */
  put(tenantId: string, extension: Extension, bytes: Uint8Array): Promise<string>;
  /** The same for a finished file that lies in `temporary`: it is there no more. */
  putFile(tenantId: string, extension: Extension, file: string): Promise<string>;
  read(tenantId: string, key: string): Promise<Buffer>;
  /** For files whose rows were not committed after all. */
  remove(tenantId: string, key: string): Promise<void>;
  /** Where the artifact would lie, relative to `root`; undefined for what cannot be a key. */
  pathOf(tenantId: string, key: string): string | undefined;
  readonly root: string;
  /** A folder for files on their way in; emptied at every start. */
  readonly temporary: string;
}

export async function openArtifactStore(root: string): Promise<ArtifactStore> {
  const temporary = join(root, 'tmp');
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  // Left by a process that was killed while it wrote; no row points to them.
  for (const name of await readdir(temporary)) await rm(join(temporary, name), { force: true });

  const newKey = (extension: Extension): string => `${randomBytes(24).toString('hex')}.${extension}`;
  const placeOf = (tenantId: string, key: string): string => join(root, pathOf(tenantId, key) ?? '');

  /** From the temporary folder to its place, which it has whole or not at all. */
  async function publish(tenantId: string, key: string, draft: string): Promise<string> {
    const target = placeOf(tenantId, key);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(draft, target);
    await flushDirectory(dirname(target));
    return key;
  }

  return {
    root,
    temporary,
    pathOf,
    async put(tenantId, extension, bytes) {
      const key = newKey(extension);
      const draft = join(temporary, key);
      try {
        await writeDurably(draft, bytes);
        return await publish(tenantId, key, draft);
      } catch (error) {
        await rm(draft, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    async putFile(tenantId, extension, file) {
      await flushFile(file);
      return publish(tenantId, newKey(extension), file);
    },
    read: (tenantId, key) => readFile(placeOf(tenantId, key)),
    async remove(tenantId, key) {
      await rm(placeOf(tenantId, key), { force: true }).catch(() => undefined);
    },
  };
}

/** Two levels of folders keep each small: <tenant>/<first two characters>/<key>. */
function pathOf(tenantId: string, key: string): string | undefined {
  if (!/^[0-9a-f-]{36}$/.test(tenantId) || !/^[0-9a-f]{48}\.(png|zip)$/.test(key)) return undefined;
  return join(tenantId, key.slice(0, 2), key);
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

async function flushFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name is durable when the folder is. Not every system lets a folder be opened. */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}
