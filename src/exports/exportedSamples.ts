/** The content of an export, read in small pages in the order of the archive. */
import { alias, and, asc, eq, gt, inArray, isNotNull, or, sql } from '../storage/drizzle.js';
import type { DefectRow, ExportRow, GenerationRow, ProductRow, ReferenceRow, SampleRow } from '../storage/tables.js';
import { defects, exportLabels, exportSamples, generations, products, references, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { subjectsOf } from './exportSubjects.js';
import { GOOD_FOLDER } from './layouts/layout.js';
import { safeNames } from './safeNames.js';
import { SIDECAR_FOLDER } from './sidecar.js';

const PAGE = 50;
const donors = alias(references, 'donor');
const donorSamples = alias(samples, 'donor_sample');
const donorProducts = alias(products, 'donor_product');

export interface ExportedSample {
  readonly position: number;
  readonly heldOut: boolean;
  readonly sample: SampleRow;
  readonly generation: GenerationRow;
  readonly product: ProductRow;
  readonly defect: DefectRow;
  readonly reference: ReferenceRow | null;
  /** The product of the photograph or sample that the defect is transplanted from. */
  readonly donorProduct: ProductRow | null;
}

/** Skips the samples that were deleted since the export was accepted. */
export async function* exportedSamples(
  { database, rows }: TenantScope,
  { id }: ExportRow,
): AsyncGenerator<ExportedSample> {
  let last = -1;
  for (;;) {
    const found = await database
      .select({
        position: exportSamples.position,
        heldOut: exportSamples.heldOut,
        sample: samples,
        generation: generations,
        product: products,
        defect: defects,
        reference: references,
        donorProduct: donorProducts,
      })
      .from(exportSamples)
      .innerJoin(samples, eq(samples.id, exportSamples.sampleId))
      .innerJoin(generations, eq(generations.id, samples.generationId))
      .innerJoin(products, eq(products.id, samples.productId))
      .innerJoin(defects, eq(defects.id, samples.defectId))
      .leftJoin(references, eq(references.id, samples.referenceId))
      .leftJoin(donors, eq(donors.id, samples.defectReferenceId))
      .leftJoin(donorSamples, eq(donorSamples.id, samples.donorSampleId))
      .leftJoin(donorProducts, or(eq(donorProducts.id, donors.productId), eq(donorProducts.id, donorSamples.productId)))
      .where(rows(exportSamples, and(eq(exportSamples.exportId, id), gt(exportSamples.position, last))))
      .orderBy(asc(exportSamples.position))
      .limit(PAGE);
    yield* found;
    const end = found.at(-1);
    if (end === undefined) return;
    last = end.position;
  }
}

export interface ExportVocabulary {
  /** The names of folders by part number and by defect code. */
  readonly productFolders: ReadonlyMap<string, string>;
  readonly defectFolders: ReadonlyMap<string, string>;
  /** Defect codes by class number. */
  readonly classes: readonly string[];
  /** The photographs that are held out for testing, in the same share as the samples. */
  readonly heldOutReferences: ReadonlySet<string>;
}

export async function exportVocabulary(scope: TenantScope, row: ExportRow): Promise<ExportVocabulary> {
  const { database, rows } = scope;
  const mine = rows(exportSamples, eq(exportSamples.exportId, row.id));
  const parts = await database
    .select({ name: products.partNumber, folder: exportLabels.folder })
    .from(products)
    .leftJoin(exportLabels, and(eq(exportLabels.subjectId, products.id), eq(exportLabels.kind, 'PRODUCT')))
    .where(rows(products, inArray(products.id, subjectsOf(scope, row.id, 'PRODUCT'))));
  const codes = await database
    .select({ name: defects.code, folder: exportLabels.folder })
    .from(defects)
    .leftJoin(exportLabels, and(eq(exportLabels.subjectId, defects.id), eq(exportLabels.kind, 'DEFECT')))
    .where(rows(defects, inArray(defects.id, subjectsOf(scope, row.id, 'DEFECT'))));
  const photographs = await database
    .selectDistinct({
      id: samples.referenceId,
      rank: sql<string>`md5(${String(row.settings.splitSeed)}::text || ':' || ${samples.referenceId}::text)`.as('rank'),
    })
    .from(exportSamples)
    .innerJoin(samples, eq(samples.id, exportSamples.sampleId))
    .where(and(mine, isNotNull(samples.referenceId)))
    .orderBy(sql`rank`);
  const heldOut = photographs.slice(0, Math.round(photographs.length * row.settings.heldOutFraction));
  return {
    productFolders: foldersOf(parts, SIDECAR_FOLDER),
    defectFolders: foldersOf(codes, GOOD_FOLDER),
    classes: row.settings.classes ?? codes.map(({ name }) => name).sort(),
    heldOutReferences: new Set(heldOut.map(({ id }) => id ?? '')),
  };
}

/** An export that a version without labels accepted names its folders by itself. */
function foldersOf(
  found: readonly { readonly name: string; readonly folder: string | null }[],
  taken: string,
): ReadonlyMap<string, string> {
  const own = safeNames(
    found.map(({ name }) => name),
    [taken],
  );
  return new Map(found.map(({ name, folder }) => [name, folder ?? own.get(name) ?? '']));
}
