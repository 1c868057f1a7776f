/**
 * Measures photographs and masks that a version stored without the hash of their pixels, or without the share of their
 * border. Their files are decoded once, in turns with uploads.
 */
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact } from '../artifacts/store.js';
import type { FairSemaphore } from '../fairSemaphore.js';
import { and, eq, inArray, isNotNull, isNull, or } from '../storage/drizzle.js';
import { references, regionMasks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { decodeMask, decodePhotograph, hashOf } from './decodeImage.js';
import { decodingWeight } from './decodingWeight.js';
import { maskBorderFraction } from './maskArea.js';

export interface MeasuringContext {
  readonly store: ArtifactStore;
  readonly decoding: FairSemaphore;
}

/** A photograph whose file is lost stays as it is. Good ones have the hash already, under another name. */
export async function measureOlderPhotographs(
  { database, rows, tenantId }: TenantScope,
  { store, decoding }: MeasuringContext,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const older = await database
    .select({
      id: references.id,
      key: references.artifactKey,
      maskId: regionMasks.id,
      maskKey: regionMasks.artifactKey,
    })
    .from(references)
    .innerJoin(regionMasks, eq(regionMasks.id, references.maskId))
    .where(
      rows(
        references,
        and(inArray(references.id, [...ids]), isNotNull(references.defectId)),
        or(isNull(references.pixelHash), isNull(regionMasks.borderFraction)),
      ),
    );
  for (const { id, key, maskId, maskKey } of older) {
    const [file, mask] = [await readOrNothing(store, tenantId, key), await readOrNothing(store, tenantId, maskKey)];
    if (file === undefined || mask === undefined) continue;
    await decoding.run(tenantId, await decodingWeight(file), async () => {
      const pixelHash = await hashOf(await decodePhotograph(file));
      await database
        .update(references)
        .set({ pixelHash })
        .where(rows(references, eq(references.id, id)));
      const borderFraction = maskBorderFraction(await decodeMask(mask));
      await database
        .update(regionMasks)
        .set({ borderFraction })
        .where(rows(regionMasks, eq(regionMasks.id, maskId)));
    });
  }
}

async function readOrNothing(store: ArtifactStore, tenantId: string, key: string): Promise<Buffer | undefined> {
  return store.read(tenantId, key).catch((error: unknown) => {
    if (error instanceof MissingArtifact) return undefined;
    throw error;
  });
}
