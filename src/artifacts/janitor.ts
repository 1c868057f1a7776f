/** Now and then: deletes what its tenant's policy says has expired, and removes files without a row. */
import type { TenantLimits } from '../config.js';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { sweep } from './looseFiles.js';
import { expire, expireExports, forgetUploads } from './retention.js';
import type { ArtifactStore } from './store.js';

const INTERVAL_MS = 60_000;

export interface JanitorParts {
  readonly database: Database;
  readonly store: ArtifactStore;
  readonly limits: TenantLimits;
  readonly log: Log;
}

export interface Janitor {
  stop(): Promise<void>;
}

export function startJanitor({ database, store, limits, log }: JanitorParts): Janitor {
  let round = Promise.resolve();
  const clean = async (): Promise<void> => {
    try {
      await expire(database, limits.retentionDays, log);
      await expireExports(database, limits.retentionDays);
      await forgetUploads(database);
      await sweep(database, store, log);
    } catch (error) {
      log.warn({ err: error }, 'cleaning up failed; it is tried again in a minute');
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
