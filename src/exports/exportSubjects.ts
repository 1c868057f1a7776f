/** The products and defects that an export is about: those of its samples, and those of its photographs. */
import type { SQL } from 'drizzle-orm';
import { eq, sql } from '../storage/drizzle.js';
import { exportPhotographs, exportSamples, references, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export type SubjectKind = 'PRODUCT' | 'DEFECT';

const COLUMNS = {
  PRODUCT: { ofSample: samples.productId, ofPhotograph: references.productId },
  DEFECT: { ofSample: samples.defectId, ofPhotograph: references.defectId },
} as const;

/** A subquery of their ids. */
export function subjectsOf({ rows }: TenantScope, exportId: string, kind: SubjectKind): SQL {
  const { ofSample, ofPhotograph } = COLUMNS[kind];
  return sql`(
    select ${ofSample} from ${exportSamples} inner join ${samples} on ${samples.id} = ${exportSamples.sampleId}
    where ${rows(exportSamples, eq(exportSamples.exportId, exportId))}
    union
    select ${ofPhotograph} from ${exportPhotographs}
      inner join ${references} on ${references.id} = ${exportPhotographs.referenceId}
    where ${rows(exportPhotographs, eq(exportPhotographs.exportId, exportId))}
  )`;
}
