/**
 * Chooses the defective photographs of an export when it is accepted, and divides them. A photograph that samples of the export were
 * drawn on, or take their defects from, is for training; so are those of other products, which say nothing of how well a detector
 * knows this one. Of the rest, the same share of each pair is held out, by source: photographs with the same pixels stay together.
 */
import { badInput } from '../errors.js';
import type { Limits } from '../config.js';
import { sourcesOfSamples } from '../dataSets/candidates.js';
import { splitBySource } from '../dataSets/splitBySource.js';
import { eq, sql } from '../storage/drizzle.js';
import type { ExportSettings } from '../storage/exportJsonColumns.js';
import {
  artifacts,
  exportPhotographs,
  exportSamples,
  products,
  references,
  regionMasks,
  samples,
} from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { requireStorage } from '../tenants/quotas.js';

const FIELD = 'input.photographs';
const ROWS_PER_STATEMENT = 500;
const MEBIBYTE = 1024 ** 2;

interface FoundPhotograph {
  readonly id: string;
  readonly product: string;
  readonly defect: string;
  /** Equal for photographs with the same pixels. */
  readonly source: string;
  readonly is_own: boolean;
  /** Of the photograph and its mask. */
  readonly bytes: string | number;
}

/** After the samples of the export are recorded. Returns the number of photographs. */
export async function recordPhotographs(
  scope: TenantScope,
  exportId: string,
  { photographs, heldOutFraction, splitSeed }: ExportSettings,
  limits: Limits,
): Promise<number> {
  if (photographs === undefined || !(photographs.own || photographs.ofOtherProducts)) return 0;
  const found = await findPhotographs(scope, exportId, photographs, limits.samplesPerExport);
  await requireFits(scope, found, limits);
  const pinned = await sourcesOfSamples(scope, samplesOfExport(scope, exportId));
  const splits = splitBySource(
    found.map(({ product, defect, source, is_own: isOwn }) => ({
      group: `${product} ${defect}`,
      source,
      isPinned: !isOwn || pinned.has(source),
    })),
    heldOutFraction,
    splitSeed,
  );
  const values = inArchiveOrder(found.map((photograph, i) => ({ ...photograph, heldOut: splits[i] === 'TEST' }))).map(
    ({ id, heldOut }, position) => scope.own({ exportId, position, referenceId: id, heldOut }),
  );
  for (let start = 0; start < values.length; start += ROWS_PER_STATEMENT)
    await scope.database.insert(exportPhotographs).values(values.slice(start, start + ROWS_PER_STATEMENT));
  return values.length;
}

/**
 * Those that are not archived, nor their products. The oldest first; at most one more than allowed. As with donors, other products'
 * photographs are those with a defect of the export, or all of theirs if there are none.
 */
async function findPhotographs(
  { database, rows }: TenantScope,
  exportId: string,
  { own, ofOtherProducts }: { readonly own: boolean; readonly ofOtherProducts: boolean },
  most: number,
): Promise<readonly FoundPhotograph[]> {
  const exported = sql`select distinct ${samples.productId} as product, ${samples.defectId} as defect
    from ${exportSamples} inner join ${samples} on ${samples.id} = ${exportSamples.sampleId}
    where ${rows(exportSamples, eq(exportSamples.exportId, exportId))}`;
  const { rows: found } = await database.execute<FoundPhotograph & Record<string, unknown>>(sql`
    with pair as (${exported}), photograph as (
      select ${references.id} as id, ${references.productId} as product, ${references.defectId} as defect,
             coalesce(${references.pixelHash}, ${references.id}::text) as source,
             ${references.productId} in (select product from pair) as is_own,
             ${artifacts.bytes} + (select m.bytes from ${artifacts} m where m.key = ${regionMasks.artifactKey}) as bytes
      from ${references}
        inner join ${products} on ${products.id} = ${references.productId}
        inner join ${regionMasks} on ${regionMasks.id} = ${references.maskId}
        inner join ${artifacts} on ${artifacts.key} = ${references.artifactKey}
      where ${rows(references)} and ${references.defectId} is not null
        and ${references.archivedAt} is null and ${products.archivedAt} is null
    ), alike as (
      select id from photograph where not is_own and defect in (select defect from pair)
    )
    select * from photograph
    where (${own} and (product, defect) in (select product, defect from pair))
       or (${ofOtherProducts} and not is_own and (id in (select id from alike) or not exists (select from alike)))
    order by id limit ${most + 1}
  `);
  return found;
}

/** @throws ServiceError BAD_USER_INPUT; QUOTA_EXCEEDED when the tenant's storage has no room for them */
async function requireFits(scope: TenantScope, found: readonly FoundPhotograph[], limits: Limits): Promise<void> {
  const { samplesPerExport: most, photographBytesPerExport: mostBytes } = limits;
  if (found.length === 0)
    throw badInput(FIELD, 'no defective photograph matches; upload one with defectCode and maskId, or leave them out');
  if (found.length > most)
    throw badInput(FIELD, `more than ${String(most)} photographs match, which is the most of one export`);
  const bytes = found.reduce((sum, photograph) => sum + Number(photograph.bytes), 0);
  if (bytes > mostBytes)
    throw badInput(
      FIELD,
      `the ${String(found.length)} photographs that match have ${mebibytes(bytes)} with their masks, more than the ${mebibytes(mostBytes)} of one export`,
    );
  await requireStorage(scope, limits.tenant, bytes);
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

function samplesOfExport({ rows }: TenantScope, exportId: string) {
  return sql`select ${exportSamples.sampleId} from ${exportSamples}
    where ${rows(exportSamples, eq(exportSamples.exportId, exportId))}`;
}

/** The products of the samples come first. Photographs of a product with the same pixels are beside each other: they may become one image. */
function inArchiveOrder<T extends FoundPhotograph>(photographs: readonly T[]): readonly T[] {
  const sources = Map.groupBy(photographs, ({ product, source }) => `${product} ${source}`);
  const all = [...sources.values()].flat();
  return [...all.filter((one) => one.is_own), ...all.filter((one) => !one.is_own)];
}
