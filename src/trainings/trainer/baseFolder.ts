/** The folder of the bundle that a training begins with: the operator's own, or a copy of one of the tenant's. */
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '../../artifacts/store.js';
import { MissingArtifact } from '../../artifacts/store.js';
import type { Bundle } from '../../inference/index.js';
import { unpackStoredBundle } from '../../models/bundleFolder.js';
import { modelsOf } from '../../models/modelRepository.js';
import type { TenantScope } from '../../storage/tenantScope.js';

/** Trying again does not bring it back. The message is for the tenant. */
export class MissingBase extends Error {
  override readonly name = 'MissingBase';
}

/**
 * @param base name@version
 * @param bundles those of the operator
 * @param folder of the training
 * @throws MissingBase, StoreUnavailable
 */
export async function baseFolder(
  { scope, store, bundles }: BaseContext,
  base: string,
  folder: string,
): Promise<string> {
  const installed = bundles.find((bundle) => bundle.id === base);
  if (installed !== undefined) return installed.directory;
  const row = await modelsOf(scope).byName(base);
  if (row === undefined || !row.isTrained || row.graphKey === null || row.base !== null)
    throw new MissingBase(`the base ${base} is no longer installed`);
  const target = join(folder, 'base');
  // An attempt before this one unpacked it.
  if ((await stat(target).catch(() => undefined)) !== undefined) return target;
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  const stored = { tenantId: scope.tenantId, key: row.graphKey, bytes: row.bytes };
  await unpackStoredBundle(store, stored, partial).catch((error: unknown) => {
    if (!(error instanceof MissingArtifact)) throw error;
    throw new MissingBase(`the file of the base ${base} is lost; train with another one`);
  });
  await rename(partial, target);
  return target;
}

export interface BaseContext {
  readonly scope: TenantScope;
  readonly store: ArtifactStore;
  readonly bundles: readonly Bundle[];
}
