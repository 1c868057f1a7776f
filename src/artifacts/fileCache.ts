/** Copies of artifacts on the local disk, for what is read by path and again and again. The oldest go when they are too many. */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

const MOST_BYTES = 2 * 1024 ** 3;
/** Whoever was given a path a moment ago may still read it. */
const FRESH_MS = 10 * 60_000;

/** Gives the path of the copy; `fetch` writes it to a path when it is not there. */
export type FileCache = (key: string, fetch: (draft: string) => Promise<void>) => Promise<string>;

export async function createFileCache(parent: string, mostBytes = MOST_BYTES): Promise<FileCache> {
  const folder = join(parent, 'copies');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fetching = new Map<string, Promise<string>>();

  async function get(key: string, fetch: (draft: string) => Promise<void>): Promise<string> {
    const file = join(folder, key);
    const now = new Date();
    const isThere = await utimes(file, now, now).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
    const draft = `${file}.part`;
    await fetch(draft);
    await rename(draft, file);
    await prune();
    return file;
  }

  async function prune(): Promise<void> {
    const names = await readdir(folder);
    const files = await Promise.all(
      names.map(async (name) => ({
        name,
        ...(await stat(join(folder, name)).then(
          ({ size, mtimeMs }) => ({ size, mtimeMs }),
          () => ({ size: 0, mtimeMs: Infinity }),
        )),
      })),
    );
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size, mtimeMs } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= mostBytes || Date.now() - mtimeMs < FRESH_MS) return;
      await rm(join(folder, name), { force: true });
      bytes -= size;
    }
  }

  return (key, fetch) => {
    const begun = fetching.get(key) ?? get(key, fetch).finally(() => fetching.delete(key));
    fetching.set(key, begun);
    return begun;
  };
}
