/** The defective photographs of an export, read in small pages in the order of the archive. */
import { and, asc, eq, gt } from '../storage/drizzle.js';
import type { DefectRow, ExportRow, ProductRow, ReferenceRow, RegionMaskRow } from '../storage/tables.js';
import { defects, exportPhotographs, products, references, regionMasks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

const PAGE = 50;

export interface ExportedPhotograph {
  readonly position: number;
  readonly heldOut: boolean;
  readonly reference: ReferenceRow;
  readonly product: ProductRow;
  readonly defect: DefectRow;
  readonly mask: RegionMaskRow;
}

/** Photographs of a product with the same pixels, which were uploaded for several defects, come together. */
export async function* exportedPhotographs(
  scope: TenantScope,
  row: ExportRow,
): AsyncGenerator<readonly ExportedPhotograph[]> {
  let alike: ExportedPhotograph[] = [];
  for await (const photograph of inOrder(scope, row)) {
    if (alike[0] !== undefined && !isSamePicture(alike[0].reference, photograph.reference)) {
      yield alike;
      alike = [];
    }
    alike.push(photograph);
  }
  if (alike.length > 0) yield alike;
}

function isSamePicture(one: ReferenceRow, other: ReferenceRow): boolean {
  return one.pixelHash !== null && one.pixelHash === other.pixelHash && one.productId === other.productId;
}

async function* inOrder({ database, rows }: TenantScope, { id }: ExportRow): AsyncGenerator<ExportedPhotograph> {
  let last = -1;
  for (;;) {
    const found = await database
      .select({
        position: exportPhotographs.position,
        heldOut: exportPhotographs.heldOut,
        reference: references,
        product: products,
        defect: defects,
        mask: regionMasks,
      })
      .from(exportPhotographs)
      .innerJoin(references, eq(references.id, exportPhotographs.referenceId))
      .innerJoin(products, eq(products.id, references.productId))
      .innerJoin(defects, eq(defects.id, references.defectId))
      .innerJoin(regionMasks, eq(regionMasks.id, references.maskId))
      .where(rows(exportPhotographs, and(eq(exportPhotographs.exportId, id), gt(exportPhotographs.position, last))))
      .orderBy(asc(exportPhotographs.position))
      .limit(PAGE);
    yield* found;
    const end = found.at(-1);
    if (end === undefined) return;
    last = end.position;
  }
}
