/** The photographs and samples of a version of a data set, with the words that a model reads for them. */
import { and, asc, eq, gt, sql } from '../storage/drizzle.js';
import { dataSetMembers, defects, products, references, regionMasks, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export interface Member {
  readonly position: number;
  /** Of the photograph or the sample. */
  readonly id: string;
  readonly split: 'TRAIN' | 'TEST';
  readonly partNumber: string;
  readonly product: string;
  /** Null for a photograph of a good part, which has no mask either. */
  readonly defectCode: string | null;
  readonly defect: string | null;
  readonly imageKey: string;
  readonly maskKey: string | null;
}

const BATCH = 500;

/** In the order of their positions. */
export async function* membersOf({ database, rows }: TenantScope, dataSetId: string): AsyncIterableIterator<Member> {
  const productId = sql`coalesce(${references.productId}, ${samples.productId})`;
  const defectId = sql`coalesce(${references.defectId}, ${samples.defectId})`;
  for (let after = -1; ;) {
    const batch = await database
      .select({
        position: dataSetMembers.position,
        id: sql<string>`coalesce(${references.id}, ${samples.id})`,
        split: dataSetMembers.split,
        partNumber: products.partNumber,
        product: products.promptName,
        defectCode: defects.code,
        defect: defects.promptName,
        imageKey: sql<string>`coalesce(${references.artifactKey}, ${samples.imageKey})`,
        maskKey: sql<string | null>`coalesce(${regionMasks.artifactKey}, ${samples.maskKey})`,
      })
      .from(dataSetMembers)
      .leftJoin(references, eq(references.id, dataSetMembers.referenceId))
      .leftJoin(regionMasks, eq(regionMasks.id, references.maskId))
      .leftJoin(samples, eq(samples.id, dataSetMembers.sampleId))
      .innerJoin(products, eq(products.id, productId))
      .leftJoin(defects, eq(defects.id, defectId))
      .where(rows(dataSetMembers, and(eq(dataSetMembers.dataSetId, dataSetId), gt(dataSetMembers.position, after))))
      .orderBy(asc(dataSetMembers.position))
      .limit(BATCH);
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) return;
    after = last.position;
  }
}
