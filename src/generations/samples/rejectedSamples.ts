/** Samples that were drawn and not kept: one row each, so that a generation can say honestly how many there were. */
import { count, eq, inArray } from 'drizzle-orm';
import type { RejectionRow } from '../../storage/tables.js';
import { rejections } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';

export interface RejectedSamples {
  /** How many attempts at each sample of the generation were rejected so far. */
  countsByIndex(generationId: string): Promise<ReadonlyMap<number, number>>;
  countsByGeneration(generationIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  insert(rejection: Omit<RejectionRow, 'tenantId'>): Promise<void>;
}

export function rejectedSamplesOf({ database, rows, own }: TenantScope): RejectedSamples {
  return {
    async countsByIndex(generationId) {
      const found = await database
        .select({ index: rejections.index, n: count() })
        .from(rejections)
        .where(rows(rejections, eq(rejections.generationId, generationId)))
        .groupBy(rejections.index);
      return new Map(found.map(({ index, n }) => [index, n]));
    },
    async countsByGeneration(generationIds) {
      const found = await database
        .select({ id: rejections.generationId, n: count() })
        .from(rejections)
        .where(rows(rejections, inArray(rejections.generationId, [...generationIds])))
        .groupBy(rejections.generationId);
      return new Map(found.map(({ id, n }) => [id, n]));
    },
    async insert(rejection) {
      await database.insert(rejections).values(own(rejection)).onConflictDoNothing();
    },
  };
}
