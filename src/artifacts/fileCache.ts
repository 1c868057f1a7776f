/**
 * Copies of artifacts on the local disk, for files that are read by path again and again. The least recently used are
 * removed, and none is given out for long: another process may have deleted the artifact.
 */
import { access, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';

const MAX_BYTES = 2 * 1024 ** 3;
/** A caller that got a path may still read the file for this long after it left the cache. */
const GRACE_MS = 10 * 60_000;
const MAX_AGE_MS = 10 * 60_000;

export interface FileCache {
  /** Resolves to the path of the copy. When there is none, `download` writes it to the path that it is given. */
  local(key: string, download: Download): Promise<string>;
  /** Of a deleted artifact. */
  forget(key: string): void;
}

type Download = (path: string) => Promise<void>;

interface Copy {
  readonly path: string;
  readonly bytes: number;
}

export function createFileCache(
  parent: string,
  { maxBytes = MAX_BYTES, graceMs = GRACE_MS, maxAgeMs = MAX_AGE_MS } = {},
): FileCache {
  const folder = join(parent, 'copies');
  let downloads = 0;
  const copies = new LRUCache<string, Copy, Download>({
    maxSize: maxBytes,
    ttl: maxAgeMs,
    sizeCalculation: ({ bytes }) => Math.min(Math.max(1, bytes), maxBytes),
    dispose: ({ path }) => void setTimeout(() => void remove(path), graceMs).unref(),
    // A download continues even if its entry is evicted meanwhile.
    ignoreFetchAbort: true,
    async fetchMethod(key, _stale, { context: download }) {
      // Each copy has a path of its own, so that removing an earlier copy never removes a later one.
      const path = join(folder, `${String(downloads++)}-${key.replaceAll('/', '-')}`);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      try {
        await download(path);
        return { path, bytes: (await stat(path)).size };
      } catch (error) {
        await remove(path);
        throw error;
      }
    },
  });

  return {
    async local(key, download) {
      const copy = await copies.forceFetch(key, { context: download });
      if (await exists(copy.path)) return copy.path;
      copies.delete(key);
      return (await copies.forceFetch(key, { context: download })).path;
    },
    forget: (key) => void copies.delete(key),
  };
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
