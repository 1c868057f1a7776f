/**
 * Files that no row names yet, or no longer names. Their keys are recorded before the files are written or removed. So
 * a process that is killed at any point leaves no unknown file in a store that is too large to search.
 */
import { inArray, lt, sql } from '../storage/drizzle.js';
import type { Database } from '../storage/database.js';
import { pendingFiles } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Log } from '../log.js';
import type { ArtifactStore } from './store.js';
import { StoreUnavailable } from './store.js';
import { removeWithThumbnails } from './thumbnails.js';

/** No write takes this long, so the process that recorded the key is gone. */
const ABANDONED_SECONDS = 15 * 60;
const BATCH_SIZE = 100;
const AT_A_TIME = 8;
/** Of removing, in one transaction. The database ends one that is idle for longer, and its rows would stay. */
const REMOVING_MS = 5_000;

/** Must be committed before the first byte is written. */
export async function recordPending({ database, own }: TenantScope, keys: readonly string[]): Promise<void> {
  const since = new Date();
  await database.insert(pendingFiles).values(keys.map((key) => own({ key, since })));
}

/**
 * Runs in the transaction that inserts the rows. Throws when a sweep has removed the files, because it took the writer
 * for dead.
 */
export async function clearPending({ database, rows }: TenantScope, keys: readonly string[]): Promise<void> {
  const settled = await database
    .delete(pendingFiles)
    .where(rows(pendingFiles, inArray(pendingFiles.key, [...keys])))
    .returning({ key: pendingFiles.key });
  if (settled.length !== keys.length) throw new StoreUnavailable('a sweep removed a file while it was being written');
}

/** Says that the writer of these files is alive, so that no sweep removes them before their rows are inserted. */
export async function renewPending({ database, rows }: TenantScope, keys: readonly string[]): Promise<void> {
  await database
    .update(pendingFiles)
    .set({ since: new Date() })
    .where(rows(pendingFiles, inArray(pendingFiles.key, [...keys])));
}

/** Runs in the transaction that deletes the rows. The next sweep removes the files. */
export async function scheduleRemoval({ database, own }: TenantScope, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await database.insert(pendingFiles).values(keys.map((key) => own({ key, since: new Date(0) })));
}

/**
 * Removes the files of a write that failed, now or at a later sweep. Only the database knows whether it failed, because
 * the answer to a commit can be lost: keys that are no longer pending are left alone. The lock waits for a commit in
 * progress.
 *
 * @param late a write may still reach the store, so the keys stay recorded for the sweep
 */
export async function removePending(
  tenant: TenantScope,
  store: ArtifactStore,
  keys: readonly string[],
  late = false,
): Promise<void> {
  try {
    for (const some of batches(keys)) {
      await tenant.transaction(async ({ database, rows, tenantId }) => {
        const loose = rows(pendingFiles, inArray(pendingFiles.key, some));
        const found = await database.select({ key: pendingFiles.key }).from(pendingFiles).where(loose).for('update');
        const { gone } = await removeFiles(
          store,
          found.map(({ key }) => ({ tenantId, key })),
        );
        if (!late) await database.delete(pendingFiles).where(rows(pendingFiles, inArray(pendingFiles.key, gone)));
      });
    }
  } catch {
    // The store or the database is away. The keys are recorded; a sweep finds them.
  }
}

/** Removes abandoned files. Several processes may sweep at once. Returns the number of removed files. */
export async function sweepPending(
  database: Database,
  store: ArtifactStore,
  log: Log,
  abandonedSeconds = ABANDONED_SECONDS,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const swept = await database.transaction(async (tx) => {
      const found = await tx
        .select()
        .from(pendingFiles)
        .where(lt(pendingFiles.since, sql`now() - ${abandonedSeconds} * interval '1 second'`))
        .limit(BATCH_SIZE)
        .for('update', { skipLocked: true });
      const { gone, error } = await removeFiles(store, found);
      if (gone.length > 0) await tx.delete(pendingFiles).where(inArray(pendingFiles.key, gone));
      return { gone: gone.length, isLast: gone.length === found.length && found.length < BATCH_SIZE, error };
    });
    removed += swept.gone;
    // After what is gone was committed.
    if (swept.error !== undefined) throw swept.error;
    if (swept.isLast) break;
  }
  if (removed > 0) log.info({ files: removed }, 'removed files without a row');
  return removed;
}

interface Removal {
  /** The keys of the files that are gone. */
  readonly gone: string[];
  /** Of the first file that could not be removed. Undefined where there was none. */
  readonly error: unknown;
}

/** Removes files while the time suffices, and at least a few: a store that is slower than that is as good as away. */
async function removeFiles(
  store: ArtifactStore,
  files: readonly { readonly tenantId: string; readonly key: string }[],
): Promise<Removal> {
  const gone: string[] = [];
  const end = Date.now() + REMOVING_MS;
  for (const some of batches(files, AT_A_TIME)) {
    const ends = await Promise.allSettled(some.map(({ tenantId, key }) => removeWithThumbnails(store, tenantId, key)));
    gone.push(...some.filter((_, i) => ends[i]?.status === 'fulfilled').map(({ key }) => key));
    const failed = ends.find(({ status }) => status === 'rejected');
    if (failed !== undefined) return { gone, error: (failed as PromiseRejectedResult).reason };
    if (Date.now() > end) break;
  }
  return { gone, error: undefined };
}

function* batches<T>(all: readonly T[], size = BATCH_SIZE): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
