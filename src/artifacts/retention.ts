/**
 * Retention. The samples and events of generations that finished longer ago than the tenant's policy allows are
 * deleted; the next sweep removes the files. The generation row stays, and with it its idempotency key, which never
 * expires. A generation whose samples another generation is drawn on, or takes defects from, keeps them as long as that other generation does,
 * one whose samples a data set has, until that is deleted, and one whose samples an export packs, until that has ended.
 */
import { lockAdmissionsOfSamples } from '../storage/advisoryLocks.js';
import { sql } from '../storage/drizzle.js';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { forTenant } from '../storage/tenantScope.js';
import { scheduleRemoval } from './pendingFiles.js';

/** Generations per transaction, which keeps each transaction short. */
const BATCH_SIZE = 20;
const UNUSED_DAYS = 7;

/**
 * @param usualDays the policy of tenants without one of their own; null keeps everything
 * @returns the number of expired generations
 */
export async function expireGenerations(database: Database, usualDays: number | null, log: Log): Promise<number> {
  let expired = 0;
  for (;;) {
    const batch = await expireBatch(database, usualDays);
    expired += batch;
    if (batch < BATCH_SIZE) break;
  }
  if (expired > 0) log.info({ generations: expired }, 'generations expired');
  return expired;
}

/** Archives are kept as long as generations; the export row stays too. Returns the number of expired exports. */
export function expireExports(database: Database, usualDays: number | null): Promise<number> {
  return database.transaction(async (tx) => {
    const { rows: exports } = await tx.execute<{ tenant_id: string; archive_key: string | null }>(sql`
      with old as (
        select e.id, e.tenant_id, e.archive_key
        from export e left join tenant_quota q on q.tenant_id = e.tenant_id
        where e.expired_at is null
          and e.finished_at < now() - coalesce(q.retention_days, ${usualDays}::int) * interval '1 day'
        for update of e skip locked
      ), expired as (
        update export e set expired_at = now(), archive_key = null, archive_bytes = null, archive_sha256 = null
        from old where e.id = old.id
      )
      select tenant_id, archive_key from old
    `);
    for (const { tenant_id: tenantId, archive_key: key } of exports)
      if (key !== null) await scheduleRemoval(forTenant(tx, tenantId), [key]);
    return exports.length;
  });
}

/**
 * Removes the files of deleted models that neither an unfinished generation needs nor an adapter that has its file still. Of the
 * rows stays what samples need: the names, with their licences. Uploading the same files again brings the rest back.
 */
export function removeDeletedModels(database: Database): Promise<void> {
  return database.transaction(async (tx) => {
    const { rows: models } = await tx.execute<{ tenant_id: string; graph_key: string }>(sql`
      with old as (
        select m.id, m.tenant_id, m.graph_key from tenant_model m
        where m.deleted_at is not null and m.graph_key is not null and not exists (
          select from generation g
          where g.tenant_id = m.tenant_id and g.status in ('QUEUED', 'RUNNING')
            and g.settings -> 'tenantModel' ->> 'id' = m.id::text)
          and not exists (
            select from tenant_model a
            where a.tenant_id = m.tenant_id and a.base = m.name || '@' || m.version and a.graph_key is not null)
        limit ${BATCH_SIZE} for update of m skip locked
      ), gone as (
        update tenant_model m
        set graph_key = null, phrases = '{}', manifest = jsonb_build_object(
          'name', m.name, 'version', m.version, 'license', m.manifest -> 'license')
        from old where m.id = old.id
      )
      select tenant_id, graph_key from old
    `);
    for (const { tenant_id: tenantId, graph_key: key } of models) await scheduleRemoval(forTenant(tx, tenantId), [key]);
  });
}

/** Deletes uploads that were created a week ago and never used. */
export async function deleteStaleUploads(database: Database): Promise<void> {
  await database.execute(sql`
    delete from upload where completed_at is null and created_at < now() - ${UNUSED_DAYS} * interval '1 day'
  `);
}

/**
 * The cutoff of each tenant is computed first: under row-level security, an index condition can only use values that
 * are known before the scan starts.
 */
async function oldGenerations(
  database: Database,
  usualDays: number | null,
): Promise<readonly { readonly id: string; readonly tenant_id: string }[]> {
  const { rows } = await database.execute<{ id: string; tenant_id: string }>(sql`
    with keeps as materialized (
      select t.id, now() - coalesce(q.retention_days, ${usualDays}::int) * interval '1 day' as until
      from tenant t left join tenant_quota q on q.tenant_id = t.id
    )
    select old.id, old.tenant_id
    from keeps cross join lateral (
      select g.id, g.tenant_id from generation g
      where g.tenant_id = keeps.id and g.expired_at is null and g.finished_at < keeps.until
        and not exists (
          select from sample s join sample d on d.tenant_id = s.tenant_id and d.base_sample_id = s.id
          where s.tenant_id = g.tenant_id and s.generation_id = g.id and d.generation_id <> g.id)
        and not exists (
          select from sample s join sample d on d.tenant_id = s.tenant_id and d.donor_sample_id = s.id
          where s.tenant_id = g.tenant_id and s.generation_id = g.id and d.generation_id <> g.id)
        and not exists (
          select from sample s join generation w on w.tenant_id = s.tenant_id
            and w.status in ('QUEUED', 'RUNNING')
            and s.id::text in (w.settings -> 'photograph' ->> 'baseSample',
              w.settings -> 'photograph' -> 'transplant' ->> 'donorSample')
          where s.tenant_id = g.tenant_id and s.generation_id = g.id)
        and not exists (
          select from sample s join data_set_member m on m.tenant_id = s.tenant_id and m.sample_id = s.id
          where s.tenant_id = g.tenant_id and s.generation_id = g.id)
        and not exists (
          select from sample s
            join export_sample m on m.tenant_id = s.tenant_id and m.sample_id = s.id
            join export e on e.tenant_id = m.tenant_id and e.id = m.export_id and e.status in ('QUEUED', 'RUNNING')
          where s.tenant_id = g.tenant_id and s.generation_id = g.id)
      order by g.finished_at limit ${BATCH_SIZE}
      for update skip locked
    ) old
    where keeps.until is not null limit ${BATCH_SIZE}
  `);
  return rows;
}

async function expireBatch(database: Database, usualDays: number | null): Promise<number> {
  // Most of the time there is none, and admissions need not wait for that.
  if ((await oldGenerations(database, usualDays)).length === 0) return 0;
  return database.transaction(async (tx) => {
    await lockAdmissionsOfSamples(tx);
    const old = await oldGenerations(tx, usualDays);
    for (const { id, tenant_id: tenantId } of old) {
      const { rows: files } = await tx.execute<{ key: string }>(sql`
        with gone as (
          delete from sample where tenant_id = ${tenantId} and generation_id = ${id}
          returning image_key, mask_key, overlay_key, region_key, twin_key, ignore_key
        )
        select key from gone, unnest(array[image_key, mask_key, overlay_key, region_key, twin_key, ignore_key]) as key
        where key is not null
      `);
      await tx.execute(sql`delete from generation_event where tenant_id = ${tenantId} and generation_id = ${id}`);
      await tx.execute(sql`update generation set expired_at = now() where tenant_id = ${tenantId} and id = ${id}`);
      for (const { key } of files)
        await tx.execute(sql`delete from artifact where tenant_id = ${tenantId} and key = ${key}`);
      await scheduleRemoval(
        forTenant(tx, tenantId),
        files.map(({ key }) => key),
      );
    }
    return old.length;
  });
}
