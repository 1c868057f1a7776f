/** Turns an API key into an identity. Known and unknown keys cost one query each. */
import { eq, inArray } from '../storage/drizzle.js';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { apiKeys, tenants } from '../storage/tables.js';
import type { Identity } from './identity.js';
import type { KeyHasher } from './keyHash.js';
import { keyPrefix, sameHash } from './keyHash.js';
import { unauthenticated } from './credentialStatus.js';

/** The time of last use is written at most this often, so that reads stay reads. */
const LAST_USED_EVERY_MS = 5 * 60_000;

export type ApiKeyAuthenticator = (key: string) => Promise<Identity>;

export function createApiKeyAuthenticator(database: Database, hasher: KeyHasher, log: Log): ApiKeyAuthenticator {
  return async (key) => {
    const forms = hasher.candidates(key);
    const [row] = await database
      .select({ key: apiKeys, tenantName: tenants.name, disabledAt: tenants.disabledAt })
      .from(apiKeys)
      .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
      .where(inArray(apiKeys.hash, [...forms]));
    if (row === undefined || !forms.some((form) => sameHash(form, row.key.hash))) {
      throw unauthenticated('This API key is not known.');
    }
    const { id, tenantId, role, expiresAt, revokedAt } = row.key;
    if (revokedAt !== null) throw unauthenticated('This API key was revoked.');
    if (expiresAt !== null && expiresAt <= new Date()) throw unauthenticated('This API key has expired.');
    if (row.disabledAt !== null) throw unauthenticated('This tenant is disabled.');
    await recordUse(row.key, key).catch((error: unknown) =>
      log.warn({ err: error, key: id }, 'the use of a key was not recorded'),
    );
    const subject = `key:${id}`;
    return { tenantId, tenantName: row.tenantName, role, subject, keyId: id, expiresAt: expiresAt ?? undefined };
  };

  async function recordUse({ id, hash, lastUsedAt }: typeof apiKeys.$inferSelect, key: string): Promise<void> {
    const now = new Date();
    const [keyed] = hasher.candidates(key);
    const recently = lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < LAST_USED_EVERY_MS;
    if (recently && hash === keyed) return;
    const set = { lastUsedAt: now, hash: keyed, prefix: keyPrefix(key) };
    await database.update(apiKeys).set(set).where(eq(apiKeys.id, id));
  }
}
