/** A folder for incomplete files that belongs to this process alone. Leftovers of dead processes are removed. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const LONG_MS = 24 * 3_600_000;

/** @param alone no other process writes here, so everything that exists is a leftover */
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
  return folder;
}
