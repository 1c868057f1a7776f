/** The attempts at a generation: each claim by a worker and how it ended, so that callers can see what was retried and why. */
import { and, asc, eq, inArray, isNull, sql } from '../storage/drizzle.js';
import type { AttemptOutcome, AttemptRow } from '../storage/tables.js';
import { attempts } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

/** All that is known when a lease ran out. */
const LOST = 'the worker was gone, or did not renew its lease';

export interface Attempts {
  /** Must run within the transaction of the claim. An attempt that is still open was left by a worker that is gone. */
  begin(generationId: string, worker: string): Promise<void>;
  /** Must run within the transaction that ends the attempt. */
  end(generationId: string, outcome: AttemptOutcome, message?: string): Promise<void>;
  of(generationIds: readonly string[]): Promise<readonly AttemptRow[]>;
}

export function attemptsOf({ database, rows, own }: TenantScope): Attempts {
  async function end(generationId: string, outcome: AttemptOutcome, message: string | null = null): Promise<void> {
    await database
      .update(attempts)
      .set({ endedAt: new Date(), outcome, message })
      .where(rows(attempts, and(eq(attempts.generationId, generationId), isNull(attempts.endedAt))));
  }

  return {
    end,
    async begin(generationId, worker) {
      await end(generationId, 'WORKER_LOST', LOST);
      const number = sql`(select coalesce(max(number), 0) + 1 from generation_attempt where generation_id = ${generationId})`;
      await database.insert(attempts).values(own({ generationId, number, worker, startedAt: new Date() }) as never);
    },
    of: async (ids) =>
      database
        .select()
        .from(attempts)
        .where(rows(attempts, inArray(attempts.generationId, [...ids])))
        .orderBy(asc(attempts.number)),
  };
}
