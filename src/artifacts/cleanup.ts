/**
 * Periodic cleanup: deletes what has expired under its tenant's retention policy, and removes files that no row names.
 */
import type { TenantLimits } from '../config.js';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { expireTrainings } from './expireTrainings.js';
import { sweepPending } from './pendingFiles.js';
import { expireGenerations, expireExports, deleteStaleUploads, removeDeletedModels } from './retention.js';
import type { ArtifactStore } from './store.js';

const INTERVAL_MS = 60_000;

export interface CleanupOptions {
  readonly database: Database;
  readonly store: ArtifactStore;
  readonly limits: TenantLimits;
  readonly log: Log;
}

export interface Cleanup {
  stop(): Promise<void>;
}

export function startCleanup({ database, store, limits, log }: CleanupOptions): Cleanup {
  let round = Promise.resolve();
  const clean = async (): Promise<void> => {
    try {
      await expireGenerations(database, limits.retentionDays, log);
      await expireExports(database, limits.retentionDays);
      await expireTrainings(database, limits.retentionDays);
      await deleteStaleUploads(database);
      await removeDeletedModels(database);
      await sweepPending(database, store, log);
    } catch (error) {
      log.warn({ err: error }, 'cleanup failed; it runs again in one minute');
    }
  };
  const timer = setInterval(() => void (round = round.then(clean)), INTERVAL_MS).unref();
  round = clean();
  return {
    async stop() {
      clearInterval(timer);
      await round;
    },
  };
}
