/** What a list of samples can be filtered by. */
import { eq, gte, inArray, lt, lte, sql } from '../../storage/drizzle.js';
import { defectIdSubquery, productIdSubquery } from '../../catalog/idSubqueries.js';
import { lowestIdAt, isId } from '../../storage/identifiers.js';
import type { ReviewState } from '../../storage/tables.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { MeasureColumn } from './sampleMeasures.js';
import { SAMPLE_MEASURES } from './sampleMeasures.js';

interface OptionalRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export interface SampleConditions extends Readonly<Partial<Record<MeasureColumn, OptionalRange | undefined>>> {
  readonly generationId?: string | undefined;
  readonly partNumber?: string | undefined;
  readonly defectCode?: string | undefined;
  readonly referenceId?: string | undefined;
  readonly defectReferenceId?: string | undefined;
  readonly reviewStates?: readonly ReviewState[] | undefined;
  readonly reviewTag?: string | undefined;
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

/** The bound of the clock skew between two machines. */
const MAX_CLOCK_SKEW_MS = 86_400_000;

/** A sample is younger than its generation, whose id contains its time. This tells where a scan of an index by id can start. */
function generationsBefore(time: Date | undefined) {
  return time === undefined
    ? undefined
    : lt(samples.generationId, lowestIdAt(new Date(time.getTime() + MAX_CLOCK_SKEW_MS)));
}

/** False when an id is malformed: it matches nothing, and PostgreSQL would raise an error. */
export function canMatch({ generationId, referenceId, defectReferenceId }: SampleConditions): boolean {
  return [generationId, referenceId, defectReferenceId].every((id) => id === undefined || isId(id));
}

/** The conditions on `sample`, all of which must hold. */
export function matchingSamples(scope: TenantScope, conditions: SampleConditions) {
  const { generationId, partNumber, defectCode, referenceId, defectReferenceId } = conditions;
  const { createdAfter, createdBefore, reviewStates, reviewTag } = conditions;
  return [
    generationId === undefined ? undefined : eq(samples.generationId, generationId),
    partNumber === undefined ? undefined : eq(samples.productId, productIdSubquery(scope, partNumber)),
    defectCode === undefined ? undefined : eq(samples.defectId, defectIdSubquery(scope, defectCode)),
    referenceId === undefined ? undefined : eq(samples.referenceId, referenceId),
    defectReferenceId === undefined ? undefined : eq(samples.defectReferenceId, defectReferenceId),
    reviewStates === undefined ? undefined : inArray(samples.reviewState, [...reviewStates]),
    reviewTag === undefined ? undefined : sql`${samples.reviewTags} @> ${JSON.stringify([reviewTag])}::jsonb`,
    ...Object.values(SAMPLE_MEASURES).flatMap((name) => {
      const { min, max } = conditions[name] ?? {};
      return [
        min === undefined ? undefined : gte(samples[name], min),
        max === undefined ? undefined : lte(samples[name], max),
      ];
    }),
    createdAfter === undefined ? undefined : gte(samples.createdAt, createdAfter),
    createdBefore === undefined ? undefined : lt(samples.createdAt, createdBefore),
    generationsBefore(createdBefore),
  ];
}
