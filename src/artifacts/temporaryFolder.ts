/** A folder of this process alone for what is not whole yet. What processes that are gone have left in theirs is removed. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const LONG_MS = 24 * 3_600_000;

/** @param alone no other process writes here: everything that is there is left over. */
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
