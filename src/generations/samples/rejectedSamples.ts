/** Samples that scored below the quality policy. Each has a row, so that a generation can report how many there were. */
import { count, eq, inArray } from '../../storage/drizzle.js';
import type { SampleResult } from '../../inference/index.js';
import type { QualitySettings } from '../../storage/jsonColumns.js';
import type { RejectionRow } from '../../storage/tables.js';
import { rejections } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';

export interface RejectedSamples {
  /** By index: how many draws of the sample were rejected so far. */
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

/** An image without a defect scores 0, so every policy with a bound above 0 rejects it. */
export function meetsPolicy(
  { confidence, scores }: Pick<SampleResult, 'confidence' | 'scores'>,
  policy: QualitySettings | null | undefined,
): boolean {
  if (policy == null) return true;
  const { minimumVisibility, minimumAgreement, minimumConfidence = 0 } = policy;
  if (confidence !== null && confidence < minimumConfidence) return false;
  return scores === null || (scores.visibility >= minimumVisibility && scores.agreement >= minimumAgreement);
}
