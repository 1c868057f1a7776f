/** Limits the operations of a tenant. The count is per process, so several processes allow several times as many. */
import { eq } from '../storage/drizzle.js';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { TenantLimits } from '../config.js';
import { ServiceError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { quotas } from '../storage/tables.js';

const MINUTE_S = 60;
/** A changed limit takes effect after this time. */
const LIMIT_CACHE_MS = 30_000;

export interface RateLimiter {
  /** Counts one operation of the tenant. Throws RATE_LIMITED with the time to wait. */
  consume(tenantId: string): Promise<void>;
}

export function createRateLimiter(database: Database, { requestsPerMinute: usual }: TenantLimits): RateLimiter {
  const known = new Map<string, { readonly limit: number | null; readonly until: number }>();
  const limiters = new Map<number, RateLimiterMemory>();

  async function limitOf(tenantId: string): Promise<number | null> {
    const remembered = known.get(tenantId);
    if (remembered !== undefined && remembered.until > Date.now()) return remembered.limit;
    const [own] = await database
      .select({ limit: quotas.requestsPerMinute })
      .from(quotas)
      .where(eq(quotas.tenantId, tenantId));
    const limit = own?.limit ?? usual;
    known.set(tenantId, { limit, until: Date.now() + LIMIT_CACHE_MS });
    return limit;
  }

  function limiterOf(points: number): RateLimiterMemory {
    const limiter = limiters.get(points) ?? new RateLimiterMemory({ points, duration: MINUTE_S });
    limiters.set(points, limiter);
    return limiter;
  }

  return {
    async consume(tenantId) {
      const limit = await limitOf(tenantId);
      if (limit === null) return;
      try {
        await limiterOf(limit).consume(tenantId);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        throw new ServiceError(
          'RATE_LIMITED',
          `More than ${String(limit)} operations a minute; nothing was done, try again later`,
          { limit, retryAfterMs: refused.msBeforeNext },
        );
      }
    },
  };
}
