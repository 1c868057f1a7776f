/**
 * Samples in the order of their generations or of one of their numbers, page after page. Samples with the same number
 * are in the order of their ids, which are unique, so that pages neither repeat nor miss any. Those without the number
 * come last in both directions.
 */
import type { SQL } from 'drizzle-orm';
import { isNotNull, isNull } from '../../storage/drizzle.js';
import { keysetOf } from '../../storage/keyset.js';
import type { KeyColumn, ListOrders, Page, PageRequest } from '../../storage/pagination.js';
import { keyColumns, page } from '../../storage/pagination.js';
import type { SampleRow } from '../../storage/tables.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { SampleConditions } from './sampleConditions.js';
import { matchingSamples } from './sampleConditions.js';
import type { SampleMeasure } from './sampleMeasures.js';
import { SAMPLE_MEASURES } from './sampleMeasures.js';

export type SampleOrderField = SampleMeasure | 'CREATED_AT';

const byId: KeyColumn<SampleRow> = { column: samples.id, kind: 'id', of: ({ id }) => id };

function byMeasure(measure: SampleMeasure): readonly KeyColumn<SampleRow>[] {
  const name = SAMPLE_MEASURES[measure];
  return [{ column: samples[name], kind: 'value', of: (row) => row[name] }, byId];
}

/** Those that callers can name. */
export const NAMED_SAMPLE_ORDERS: ListOrders<SampleRow, SampleOrderField> = {
  default: { field: 'CREATED_AT', direction: 'DESC' },
  fields: {
    CREATED_AT: [{ column: samples.createdAt, kind: 'time', of: ({ createdAt }) => createdAt }, byId],
    STRENGTH: byMeasure('STRENGTH'),
    AREA_FRACTION: byMeasure('AREA_FRACTION'),
    CONFIDENCE: byMeasure('CONFIDENCE'),
    VISIBILITY: byMeasure('VISIBILITY'),
    AGREEMENT: byMeasure('AGREEMENT'),
    SEAM: byMeasure('SEAM'),
    DIRECTION: byMeasure('DIRECTION'),
  },
};

/** By default, the newest generation first; within a generation, by index. */
export const SAMPLE_ORDERS: ListOrders<SampleRow, 'GENERATION' | SampleOrderField> = {
  default: { field: 'GENERATION', direction: 'DESC' },
  fields: {
    ...NAMED_SAMPLE_ORDERS.fields,
    GENERATION: [
      { column: samples.generationId, kind: 'id', of: ({ generationId }) => generationId },
      { column: samples.index, kind: 'number', of: ({ index }) => index, opposite: true },
    ],
  },
};

/** Reads along the index of the order. The samples without a number are another part of that index. */
export async function samplePage(
  scope: TenantScope,
  request: PageRequest,
  conditions: SampleConditions,
): Promise<Page<SampleRow>> {
  const found: SampleRow[] = [];
  for (const { columns, condition, within } of partsOf(request)) {
    const missing = request.size + 1 - found.length;
    if (missing === 0) break;
    const keys = keysetOf(columns, within);
    const read = scope.database
      .select()
      .from(samples)
      .where(scope.rows(samples, condition, keys.within, ...matchingSamples(scope, conditions)))
      .orderBy(...keys.orderBy)
      .limit(missing);
    found.push(...(await read));
  }
  return page(found, request);
}

interface Part {
  readonly columns: readonly KeyColumn<SampleRow>[];
  readonly condition: SQL | undefined;
  readonly within: PageRequest;
}

/** The samples with the number and those without it, as far as the page can reach them. */
function partsOf(request: PageRequest): readonly Part[] {
  const columns = keyColumns(SAMPLE_ORDERS, request.field);
  const { column, kind } = columns[0] ?? byId;
  if (kind !== 'value' || column.notNull) return [{ columns, condition: undefined, within: request }];
  const { after, before } = request;
  const parts: Part[] = [];
  if (!isWithout(after)) {
    const within = { ...request, before: isWithout(before) ? undefined : before };
    parts.push({ columns, condition: isNotNull(column), within });
  }
  if (before === undefined || isWithout(before)) {
    const within = { ...request, after: isWithout(after) ? after?.slice(1) : undefined, before: before?.slice(1) };
    parts.push({ columns: [byId], condition: isNull(column), within });
  }
  return request.fromEnd ? parts.reverse() : parts;
}

/** Whether the key is that of a sample without the number. */
function isWithout(key: PageRequest['after']): boolean {
  return key?.[0] === null;
}
