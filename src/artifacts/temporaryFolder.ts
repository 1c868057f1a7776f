/** A folder for incomplete files that belongs to this process alone. Leftovers of dead processes are removed. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

const LONG_MS = 24 * 3_600_000;
const TOUCH_MS = 10 * 60_000;

/**
 * While the process runs, the folder is touched, so that no other one takes it for a leftover, and made again if a
 * cleanup tool removes it.
 * @param alone no other process writes here, so everything that exists is a leftover
 */
export async function openTemporaryFolder(parent: string, alone: boolean): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    const changed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (alone || Date.now() - changed > LONG_MS) await rm(path, { recursive: true, force: true });
  }
  const folder = join(parent, randomUUID());
  await mkdir(folder, { mode: 0o700 });
  setInterval(() => void touchFolder(folder).catch(() => undefined), TOUCH_MS).unref();
  return folder;
}

export async function touchFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = new Date();
  await utimes(folder, now, now);
}
