/** Defective photographs beside the samples of sampleSet.ts, put into a database and a store. */
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { products, references, regionMasks } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { CREATED, PICTURES, fixedId, putPicture } from './sampleSet.js';

export interface PhotographOf {
  /** Of the photograph; its mask has 20 more. */
  readonly number: number;
  /** As in sampleSet.ts; 2 is a product without samples. */
  readonly product: number;
  readonly defect: number;
  readonly mask?: string;
  readonly pixelHash?: string;
  readonly archivedAt?: Date;
}

/** Of two exported pairs with the same pixels; of a product without samples; and two that no export of the samples has. */
export const PHOTOGRAPHS: readonly PhotographOf[] = [
  { number: 31, product: 0, defect: 0 },
  { number: 32, product: 0, defect: 1 },
  { number: 33, product: 1, defect: 1, pixelHash: 'alike' },
  { number: 34, product: 1, defect: 2, pixelHash: 'alike', mask: 'flipped' },
  { number: 35, product: 2, defect: 0 },
  { number: 36, product: 2, defect: 0, archivedAt: CREATED },
];

export async function putPhotographs(scope: TenantScope, store: ArtifactStore): Promise<void> {
  await scope.database
    .insert(products)
    .values(scope.own({ id: fixedId(12), partNumber: 'LID', name: 'lid', promptName: 'lid', createdAt: CREATED }));
  for (const photograph of PHOTOGRAPHS) await putPhotograph(scope, store, photograph);
}

export async function putPhotograph(scope: TenantScope, store: ArtifactStore, photograph: PhotographOf): Promise<void> {
  const { number, product, defect, mask = 'shapes', pixelHash = String(number), archivedAt = null } = photograph;
  const { database, own } = scope;
  const size = { width: 32, height: 24, createdAt: CREATED };
  await database.insert(regionMasks).values(
    own({
      ...size,
      id: fixedId(number + 20),
      artifactKey: await putPicture(scope, store, `${PICTURES}/${mask}.mask.png`),
      hash: String(number),
      areaFraction: 0.1,
      extentWidth: 1,
      extentHeight: 1,
    }),
  );
  await database.insert(references).values(
    own({
      ...size,
      id: fixedId(number),
      productId: fixedId(10 + product),
      defectId: fixedId(20 + defect),
      maskId: fixedId(number + 20),
      name: `photograph ${String(number)}`,
      artifactKey: await putPicture(scope, store, `${PICTURES}/shapes.image.png`),
      hash: String(number),
      pixelHash,
      archivedAt,
    }),
  );
}
