/**
 * Files without a row, on purpose: the keys of what is about to be written, and of what is to be removed, are recorded
 * first. So a process that is killed anywhere leaves no file that nobody knows of, in a store that is too large to search.
 */
import { inArray, lt, sql } from 'drizzle-orm';
import type { Database } from '../storage/database.js';
import { pendingFiles } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Log } from '../log.js';
import type { ArtifactStore } from './store.js';
import { StoreUnavailable } from './store.js';

/** No write takes this long: whoever recorded the key is gone. */
const ABANDONED_SECONDS = 15 * 60;
const BATCH_SIZE = 100;

/** Committed before the first byte is written. */
export async function recordPending({ database, own }: TenantScope, keys: readonly string[]): Promise<void> {
  const since = new Date();
  await database.insert(pendingFiles).values(keys.map((key) => own({ key, since })));
}

/** In the transaction that makes the rows. Throws when a sweep took the writer for dead meanwhile. */
export async function clearPending({ database, rows }: TenantScope, keys: readonly string[]): Promise<void> {
  const settled = await database
    .delete(pendingFiles)
    .where(rows(pendingFiles, inArray(pendingFiles.key, [...keys])))
    .returning({ key: pendingFiles.key });
  if (settled.length !== keys.length) throw new StoreUnavailable('a file was swept away while it was being written');
}

/** After rows were deleted, in the same transaction: the files go at the next sweep. */
export async function scheduleRemoval({ database, own }: TenantScope, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await database.insert(pendingFiles).values(keys.map((key) => own({ key, since: new Date(0) })));
}

/**
 * For a write that did not come to a row: now, or else at a later sweep. Whether it did only the database knows, for a commit
 * may have been made whose answer was lost: what is loose no more is left alone. The lock waits for a commit that is under way.
 *
 * @param late a write may still arrive at the store: the keys stay recorded for the sweep.
 */
export async function removePending(
  tenant: TenantScope,
  store: ArtifactStore,
  keys: readonly string[],
  late = false,
): Promise<void> {
  try {
    await tenant.transaction(async ({ database, rows, tenantId }) => {
      const loose = rows(pendingFiles, inArray(pendingFiles.key, [...keys]));
      const found = await database.select({ key: pendingFiles.key }).from(pendingFiles).where(loose).for('update');
      await Promise.all(found.map(({ key }) => store.remove(tenantId, key)));
      if (!late) await database.delete(pendingFiles).where(loose);
    });
  } catch {
    // The store or the database is away. The keys are recorded; a sweep finds them.
  }
}

/** Removes what was left. Several processes may sweep at once. Returns how many files went. */
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
      for (const { tenantId, key } of found) await store.remove(tenantId, key);
      const keys = found.map(({ key }) => key);
      if (keys.length > 0) await tx.delete(pendingFiles).where(inArray(pendingFiles.key, keys));
      return found.length;
    });
    removed += swept;
    if (swept < BATCH_SIZE) break;
  }
  if (removed > 0) log.info({ files: removed }, 'files without a row were removed');
  return removed;
}
