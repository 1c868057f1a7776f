/**
 * The advisory locks of the database, each with a number of its own. Every process takes them by the same numbers, so a number
 * that was released is never given to another purpose.
 */
import { sql } from './drizzle.js';
import type { Database } from './database.js';

const NUMBERS = {
  migration: 4_711_002,
  generationAdmission: 4_711_003,
  catalogImport: 4_711_005,
  exportAdmission: 4_711_006,
  webhookCreation: 4_711_007,
  storageQuota: 4_711_008,
  modelUpload: 4_711_025,
  dataSetAdmission: 4_711_026,
  dataSetVersion: 4_711_027,
  trainingAdmission: 4_711_028,
} as const;

export type AdvisoryLock = keyof typeof NUMBERS;

/**
 * For who removes samples: whoever is admitted meanwhile sees them or does not; never a sample that goes before its row is
 * written. An admission of generations never waits for one of an export: that lock comes first.
 */
export async function lockAdmissionsOfSamples(transaction: Database): Promise<void> {
  for (const lock of ['exportAdmission', 'generationAdmission'] as const) await takeLock(transaction, lock);
}

/**
 * Waits for the lock and holds it to the end of the surrounding transaction.
 * @param tenantId Locks for this tenant alone, so that tenants do not wait for each other.
 */
export async function takeLock(transaction: Database, lock: AdvisoryLock, tenantId?: string): Promise<void> {
  const number = sql.raw(String(NUMBERS[lock]));
  await transaction.execute(
    tenantId === undefined
      ? sql`select pg_advisory_xact_lock(${number})`
      : sql`select pg_advisory_xact_lock(${number}, hashtext(${tenantId}))`,
  );
}
