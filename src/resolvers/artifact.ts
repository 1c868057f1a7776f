/** A stored file as the API shows it: with a URL of its own for this caller. */
import type { Artifact } from '../schema/sample.js';
import type { Context } from './context.js';

export async function artifact(key: string, { loaders, parts, identity, origin }: Context): Promise<Artifact> {
  const row = await loaders.artifact.load(key);
  const direct = await parts.store.directUrl(identity.tenantId, key, row);
  if (direct !== undefined) return { ...row, ...direct };
  const { path, expiresAt } = parts.signer.sign(identity, key);
  return { ...row, url: new URL(path, origin), expiresAt };
}
