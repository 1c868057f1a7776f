/** An API key becomes an identity, at the cost of one query, whether it is known or not. */
import { eq, inArray } from 'drizzle-orm';
import type { Log } from '../log.js';
import type { Database } from '../storage/database.js';
import { apiKeys, tenants } from '../storage/tables.js';
import type { Identity } from './identity.js';
import type { KeyHasher } from './keyHash.js';
import { prefixOf, sameHash } from './keyHash.js';
import { gone } from './standing.js';

/** When a key was used last is written down this often: reads stay reads. */
const LAST_USED_EVERY_MS = 5 * 60_000;

export type KeyCheck = (key: string) => Promise<Identity>;

export function createKeyCheck(database: Database, hasher: KeyHasher, log: Log): KeyCheck {
  return async (key) => {
    const forms = hasher.candidates(key);
    const [row] = await database
      .select({ key: apiKeys, tenantName: tenants.name, disabledAt: tenants.disabledAt })
      .from(apiKeys)
      .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
      .where(inArray(apiKeys.hash, [...forms]));
    if (row === undefined || !forms.some((form) => sameHash(form, row.key.hash))) {
      throw gone('This API key is not known.');
    }
    const { id, tenantId, role, expiresAt, revokedAt } = row.key;
    if (revokedAt !== null) throw gone('This API key was revoked.');
    if (expiresAt !== null && expiresAt <= new Date()) throw gone('This API key has expired.');
    if (row.disabledAt !== null) throw gone('This tenant is disabled.');
    await noteUse(row.key, key).catch((error: unknown) => log.warn({ err: error, key: id }, 'use was not noted'));
    const subject = `key:${id}`;
    return { tenantId, tenantName: row.tenantName, role, subject, keyId: id, expiresAt: expiresAt ?? undefined };
  };

  async function noteUse({ id, hash, lastUsedAt }: typeof apiKeys.$inferSelect, key: string): Promise<void> {
    const now = new Date();
    const [keyed] = hasher.candidates(key);
    const recently = lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < LAST_USED_EVERY_MS;
    if (recently && hash === keyed) return;
    const set = { lastUsedAt: now, hash: keyed, prefix: prefixOf(key) };
    await database.update(apiKeys).set(set).where(eq(apiKeys.id, id));
  }
}
