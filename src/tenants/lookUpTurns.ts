/**
 * A look-up of a key or token is a statement of the tenant whose it was before, so a tenant with a hundred requests puts
 * its own look-ups, too, into its own line for the database. Whose it is now, the look-up tells.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { withLogContext } from '../observability/logContext.js';
import type { Identity } from './identity.js';

/** Credentials whose tenant is remembered. Those that are forgotten stand in one line. */
const REMEMBERED = 10_000;

type LookUp = (credential: string) => Promise<Identity>;

export function inTurnsOfTenants(lookUp: LookUp): LookUp {
  /** By hash: the credentials themselves are not kept. */
  const tenants = new LRUCache<string, string>({ max: REMEMBERED });
  return async (credential) => {
    const hash = createHash('sha256').update(credential).digest('base64');
    const tenant = tenants.get(hash);
    const identity = await (tenant === undefined
      ? lookUp(credential)
      : withLogContext({ tenant }, () => lookUp(credential)));
    tenants.set(hash, identity.tenantId);
    return identity;
  };
}
