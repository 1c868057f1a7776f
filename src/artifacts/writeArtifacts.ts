/** Writes a group of files, all or none. The files are durable before the rows that name them are committed. */
import type { ArtifactRow } from '../storage/tables.js';
import { artifacts } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { recordPending, removePending, clearPending } from './pendingFiles.js';
import type { ArtifactStore } from './store.js';
import { StoreUnavailable, newArtifactKey } from './store.js';

export interface PngFile {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export type NewArtifact = Omit<ArtifactRow, 'tenantId'>;

/**
 * Passes the new rows to `commit`, whose transaction inserts them with `insertArtifacts`. On failure, no file remains.
 */
export async function writeArtifacts<T>(
  scope: TenantScope,
  store: ArtifactStore,
  images: readonly PngFile[],
  commit: (files: readonly NewArtifact[]) => Promise<T>,
): Promise<T> {
  const createdAt = new Date();
  const files = images.map(({ png, width, height }) => {
    const key = newArtifactKey('png');
    return { key, contentType: 'image/png', width, height, bytes: png.byteLength, createdAt };
  });
  const keys = files.map(({ key }) => key);
  await recordPending(scope, keys);
  try {
    const writes = files.map(({ key }, i) => store.put(scope.tenantId, key, (images[i] as PngFile).png));
    await Promise.allSettled(writes);
    await Promise.all(writes);
    return await commit(files);
  } catch (error) {
    await removePending(scope, store, keys, error instanceof StoreUnavailable);
    throw error;
  }
}

/** Runs in the transaction that inserts the rows that name the files. */
export async function insertArtifacts(tx: TenantScope, files: readonly NewArtifact[]): Promise<void> {
  await clearPending(
    tx,
    files.map(({ key }) => key),
  );
  await tx.database.insert(artifacts).values(files.map((file) => tx.own(file)));
}
