/** The photographs and samples that a data set is made of, with what divides them and what is said of them. */
import type { SQL } from 'drizzle-orm';
import { and, eq, inArray, isNull, sql } from '../storage/drizzle.js';
import type { DataSetFinding } from '../storage/dataSetFindings.js';
import type { ReferenceRow, RegionMaskRow } from '../storage/tables.js';
import { defects, products, references, regionMasks, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { photographFindings } from './findings.js';

export interface Candidate {
  readonly referenceId: string | null;
  readonly sampleId: string | null;
  /** The words that a model reads. A good part has no defect. */
  readonly product: string;
  readonly defect: string | null;
  /** Photographs of one source are never divided: those with the same pixels. */
  readonly source: string;
  readonly findings: readonly DataSetFinding[];
}

export interface PhotographRow {
  readonly reference: ReferenceRow;
  readonly mask: RegionMaskRow | null;
  readonly product: string;
  readonly defect: string | null;
}

/** In the order of their ids. */
export async function photographsWith(
  { database, rows }: TenantScope,
  ids: readonly string[],
): Promise<readonly PhotographRow[]> {
  if (ids.length === 0) return [];
  return database
    .select({ reference: references, mask: regionMasks, product: products.promptName, defect: defects.promptName })
    .from(references)
    .innerJoin(products, eq(products.id, references.productId))
    .leftJoin(defects, eq(defects.id, references.defectId))
    .leftJoin(regionMasks, eq(regionMasks.id, references.maskId))
    .where(rows(references, inArray(references.id, [...ids])))
    .orderBy(references.id);
}

/** The ids of all photographs of these products that are not archived. At most `most`. */
export async function photographsOfProducts(
  { database, rows }: TenantScope,
  productIds: readonly string[],
  most: number,
): Promise<readonly string[]> {
  if (productIds.length === 0) return [];
  const found = await database
    .select({ id: references.id })
    .from(references)
    .where(rows(references, and(inArray(references.productId, [...productIds]), isNull(references.archivedAt))))
    .orderBy(references.id)
    .limit(most);
  return found.map(({ id }) => id);
}

export function photographCandidate({ reference, mask, product, defect }: PhotographRow): Candidate {
  return {
    referenceId: reference.id,
    sampleId: null,
    product,
    defect,
    source: sourceOf(reference),
    findings: photographFindings(reference, mask),
  };
}

/** A photograph without the hash of its pixels stands for itself: it is good, or its file is lost. */
function sourceOf({ id, hash, defectId, pixelHash }: ReferenceRow): string {
  return pixelHash ?? (defectId === null ? hash : id);
}

export interface SampleCandidate extends Candidate {
  readonly sampleId: string;
  readonly hasEmptyMask: boolean;
}

/** In the order of their ids. Nobody deletes them before the transaction ends. */
export async function samplesWith(
  { database, rows }: TenantScope,
  ids: readonly string[],
): Promise<readonly SampleCandidate[]> {
  if (ids.length === 0) return [];
  const found = await database
    .select({
      id: samples.id,
      areaFraction: samples.areaFraction,
      product: products.promptName,
      defect: defects.promptName,
    })
    .from(samples)
    .innerJoin(products, eq(products.id, samples.productId))
    .innerJoin(defects, eq(defects.id, samples.defectId))
    .where(rows(samples, inArray(samples.id, [...ids])))
    .orderBy(samples.id)
    .for('share', { of: samples });
  return found.map(({ id, areaFraction, product, defect }) => ({
    referenceId: null,
    sampleId: id,
    product,
    defect,
    source: `sample ${id}`,
    findings: [],
    hasEmptyMask: areaFraction === 0,
  }));
}

/**
 * The sources of the photographs that samples show: those that they, or the samples below them, were drawn on, and those
 * that their defects were taken from; also of samples below them that are deleted.
 * @param ids a query of the samples' ids
 */
export async function sourcesOfSamples(
  { database, rows, tenantId }: TenantScope,
  ids: SQL,
): Promise<ReadonlySet<string>> {
  const below = sql`
    with recursive below as (
      select s.id, s.reference_id, s.defect_reference_id, s.base_sample_id, s.donor_sample_id
      from sample s where s.tenant_id = ${tenantId} and s.id in (${ids})
      union
      select s.id, s.reference_id, s.defect_reference_id, s.base_sample_id, s.donor_sample_id
      from below b join sample s on s.tenant_id = ${tenantId} and s.id in (b.base_sample_id, b.donor_sample_id)
    )
    select reference_id as id from below where reference_id is not null
    union select defect_reference_id from below where defect_reference_id is not null
    union select o.reference_id from below b join sample_source o on o.tenant_id = ${tenantId} and o.sample_id = b.id
  `;
  const shown = await database
    .select()
    .from(references)
    .where(rows(references, inArray(references.id, sql`(${below})`)));
  return new Set(shown.map(sourceOf));
}
