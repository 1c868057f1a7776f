/**
 * Retention of trainings: events, image grids, and a trained model that nobody published are deleted. The row stays, and with it its
 * idempotency key; so does a model that was published.
 */
import type { Database } from '../storage/database.js';
import { sql } from '../storage/drizzle.js';
import { forTenant } from '../storage/tenantScope.js';
import { scheduleRemoval } from './pendingFiles.js';

/** Trainings per transaction, which keeps each transaction short. */
const BATCH_SIZE = 20;

/** @param usualDays the policy of tenants without one of their own; null keeps everything */
export function expireTrainings(database: Database, usualDays: number | null): Promise<number> {
  return database.transaction(async (tx) => {
    const { rows: old } = await tx.execute<{ id: string; tenant_id: string; archive_key: string | null }>(sql`
      select t.id, t.tenant_id, t.archive_key
      from training t left join tenant_quota q on q.tenant_id = t.tenant_id
      where t.expired_at is null
        and t.finished_at < now() - coalesce(q.retention_days, ${usualDays}::int) * interval '1 day'
      limit ${BATCH_SIZE} for update of t skip locked
    `);
    for (const { id, tenant_id: tenantId, archive_key: archiveKey } of old) {
      const { rows: grids } = await tx.execute<{ key: string | null }>(sql`
        with gone as (
          delete from training_event where tenant_id = ${tenantId} and training_id = ${id}
          returning payload ->> 'imageKey' as key
        )
        select key from gone where key is not null
      `);
      await tx.execute(sql`
        update training set expired_at = now(), archive_key = null, archive_bytes = null
        where tenant_id = ${tenantId} and id = ${id}
      `);
      const keys = grids.flatMap(({ key }) => key ?? []);
      for (const key of keys)
        await tx.execute(sql`delete from artifact where tenant_id = ${tenantId} and key = ${key}`);
      await scheduleRemoval(forTenant(tx, tenantId), archiveKey === null ? keys : [...keys, archiveKey]);
    }
    return old.length;
  });
}
