/**
 * Quotas of a tenant: concurrent generations, pixel-steps per day, stored bytes. They are checked under the lock of admission, so they
 * hold exactly, however many requests arrive at once.
 */
import { sql } from '../storage/drizzle.js';
import type { TenantLimits } from '../config.js';
import { ServiceError } from '../errors.js';
import type { QuotaRow } from '../storage/tables.js';
import { quotas } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { takeLock } from '../storage/advisoryLocks.js';

export interface QuotaDemand {
  readonly generations: number;
  readonly samples: number;
  readonly pixelSteps: number;
}

export interface TenantUsage {
  readonly concurrentGenerations: number;
  /** Accepted today (UTC), excluding work that was canceled or failed before it was drawn, plus rejected draws. */
  readonly pixelStepsToday: number;
  readonly storedBytes: number;
  /** Accepted today (UTC); of a canceled or failed training, the minutes that it ran. */
  readonly trainingMinutesToday: number;
}

const DAY_MS = 86_400_000;
const RETRY_MS = 10_000;
/** Only deletion frees storage, so an early retry is useless. */
const STORAGE_RETRY_MS = 3_600_000;

/** The tenant's own limits where it has any, otherwise those of the configuration. */
export async function effectiveLimits(scope: TenantScope, fallback: TenantLimits): Promise<TenantLimits> {
  return mergeLimits(await ownLimits(scope), fallback);
}

export async function ownLimits({ database, rows }: TenantScope): Promise<QuotaRow | undefined> {
  const [own] = await database.select().from(quotas).where(rows(quotas));
  return own;
}

/** Sets the given limits of the tenant. Null removes a limit, so that the configuration's applies. */
export async function setOwnLimits({ database, own }: TenantScope, changes: Partial<TenantLimits>): Promise<void> {
  await database.insert(quotas).values(own(changes)).onConflictDoUpdate({ target: quotas.tenantId, set: changes });
}

export function mergeLimits(own: QuotaRow | undefined, fallback: TenantLimits): TenantLimits {
  return {
    concurrentGenerations: own?.concurrentGenerations ?? fallback.concurrentGenerations,
    pixelStepsPerDay: own?.pixelStepsPerDay ?? fallback.pixelStepsPerDay,
    storedBytes: own?.storedBytes ?? fallback.storedBytes,
    requestsPerMinute: own?.requestsPerMinute ?? fallback.requestsPerMinute,
    retentionDays: own?.retentionDays ?? fallback.retentionDays,
    trainingMinutesPerDay: own?.trainingMinutesPerDay ?? fallback.trainingMinutesPerDay,
  };
}

export async function usageOf({ database, tenantId }: TenantScope): Promise<TenantUsage> {
  const today = sql`${midnight().toISOString()}::timestamptz`;
  const { rows } = await database.execute<Record<string, string | number>>(sql`
    select
      (select count(*) from generation where tenant_id = ${tenantId} and status in ('QUEUED', 'RUNNING')) as open,
      (select coalesce(sum(pixel_steps::float8 / count
          * case when status in ('CANCELED', 'FAILED') then samples_done else count end), 0)
        from generation where tenant_id = ${tenantId} and created_at >= ${today})
        + (select coalesce(sum(pixel_steps::float8 / count), 0)
          from generation_rejection r join generation g on g.tenant_id = r.tenant_id and g.id = r.generation_id
          where r.tenant_id = ${tenantId} and g.created_at >= ${today}) as today,
      (select coalesce(sum(bytes), 0) from stored_bytes where tenant_id = ${tenantId})
        + (select coalesce(sum(archive_bytes), 0) from export where tenant_id = ${tenantId})
        + (select coalesce(sum(bytes), 0) from tenant_model where tenant_id = ${tenantId} and graph_key is not null)
        + (select coalesce(sum(archive_bytes), 0) from training where tenant_id = ${tenantId}) as bytes,
      (select coalesce(sum(case when status in ('CANCELED', 'FAILED')
          then least(minutes, coalesce(extract(epoch from finished_at - started_at) / 60, 0)) else minutes end), 0)
        from training where tenant_id = ${tenantId} and created_at >= ${today}) as training
  `);
  const [row] = rows;
  return {
    concurrentGenerations: Number(row?.['open']),
    pixelStepsToday: Number(row?.['today']),
    storedBytes: Number(row?.['bytes']),
    trainingMinutesToday: Number(row?.['training']),
  };
}

/** @throws ServiceError QUOTA_EXCEEDED, which names the quota, its limit and its usage. */
export async function requireQuota(scope: TenantScope, demand: QuotaDemand, fallback: TenantLimits): Promise<void> {
  const limits = await effectiveLimits(scope, fallback);
  const { concurrentGenerations, pixelStepsPerDay, storedBytes } = limits;
  if (concurrentGenerations === null && pixelStepsPerDay === null && storedBytes === null) return;
  const used = await usageOf(scope);
  requireBelow(
    'concurrentGenerations',
    'generations at a time',
    concurrentGenerations,
    used.concurrentGenerations,
    demand.generations,
    RETRY_MS,
  );
  requireBelow(
    'pixelStepsPerDay',
    'pixel-steps a day (UTC)',
    pixelStepsPerDay,
    used.pixelStepsToday,
    demand.pixelSteps,
    untilMidnight(),
  );
  // The size of the images is not known yet, so new work is refused only once the quota is used up.
  requireBelow('storedBytes', 'stored bytes', storedBytes, used.storedBytes, 1, STORAGE_RETRY_MS);
}

/** @throws ServiceError QUOTA_EXCEEDED */
export async function requireTrainingMinutes(
  scope: TenantScope,
  minutes: number,
  fallback: TenantLimits,
): Promise<void> {
  const { trainingMinutesPerDay: limit } = await effectiveLimits(scope, fallback);
  if (limit === null) return;
  const { trainingMinutesToday: used } = await usageOf(scope);
  requireBelow('trainingMinutesPerDay', 'minutes of training a day (UTC)', limit, used, minutes, untilMidnight());
}

/**
 * Must run within the transaction that records a file of this size. Files of one tenant are counted one after the other, so that two
 * at once cannot both take the last free bytes.
 * @throws ServiceError QUOTA_EXCEEDED when the file does not fit.
 */
export async function reserveStorage(scope: TenantScope, fallback: TenantLimits, bytes: number): Promise<void> {
  const { storedBytes } = await effectiveLimits(scope, fallback);
  if (storedBytes === null) return;
  await takeLock(scope.database, 'storageQuota', scope.tenantId);
  await checkStorage(scope, storedBytes, bytes);
}

/** @throws ServiceError QUOTA_EXCEEDED when the storage quota has no room for so many bytes. */
export async function requireStorage(scope: TenantScope, fallback: TenantLimits, bytes = 1): Promise<void> {
  const { storedBytes } = await effectiveLimits(scope, fallback);
  if (storedBytes !== null) await checkStorage(scope, storedBytes, bytes);
}

async function checkStorage(scope: TenantScope, limit: number, bytes: number): Promise<void> {
  requireBelow('storedBytes', 'stored bytes', limit, (await usageOf(scope)).storedBytes, bytes, STORAGE_RETRY_MS);
}

function requireBelow(
  quota: string,
  words: string,
  limit: number | null,
  used: number,
  requested: number,
  retryAfterMs: number,
): void {
  if (limit === null || used + requested <= limit) return;
  throw new ServiceError(
    'QUOTA_EXCEEDED',
    `The quota of ${String(limit)} ${words} is used up: ${String(used)} are used, ${String(requested)} more were requested; nothing was accepted`,
    // `asked` is the deprecated name of `requested`.
    { quota, limit, used, requested, asked: requested, retryAfterMs },
  );
}

function midnight(): Date {
  return new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
}

function untilMidnight(): number {
  return midnight().getTime() + DAY_MS - Date.now();
}
