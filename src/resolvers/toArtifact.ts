/** A stored file with a URL for this caller. */
import type { Artifact } from '../schema/sample.js';
import type { Context } from './context.js';

export type ArtifactOfKey = Artifact & { readonly key: string };

export async function toArtifact(
  key: string,
  { loaders, services, identity, origin }: Context,
): Promise<ArtifactOfKey> {
  const row = await loaders.artifact.load(key);
  const direct = await services.store.directUrl(identity.tenantId, key, row);
  if (direct !== undefined) return { ...row, ...direct };
  const { path, expiresAt } = services.signer.sign(identity, key);
  return { ...row, url: new URL(path, origin), expiresAt };
}
