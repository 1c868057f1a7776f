/**
 * Tenants and keys as the service and the command line make them. The first start makes the default tenant; its
 * key is the configured one, or one that is generated once.
 */
import { and, eq, inArray, notInArray } from 'drizzle-orm';
import type { Database } from '../storage/database.js';
import { notify } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import type { ApiKeyRow } from '../storage/tables.js';
import { apiKeys, tenants } from '../storage/tables.js';
import type { Role } from './identity.js';
import type { KeyHasher } from './keyHash.js';
import { generateApiKey, plainHash, keyPrefix } from './keyHash.js';
import { ACCESS_CHANNEL } from './credentialStatus.js';

const DEFAULT_TENANT = 'default';

export interface DefaultTenant {
  readonly tenantId: string;
  /** Set when this start generated a key: the only moment at which it is known. */
  readonly generatedKey: string | undefined;
}

/**
 * Finds or makes the default tenant and its key. A configured key replaces the one that was generated or configured
 * before, so that a leaked one is turned off by setting another; keys that an admin created stay.
 */
export async function ensureDefaultTenant(
  database: Database,
  configured: string | undefined,
  hasher: KeyHasher,
  alone: boolean,
): Promise<DefaultTenant> {
  return database.transaction(async (tx) => {
    const tenantId = await ensureTenant(tx, DEFAULT_TENANT);
    // Two processes that start at once take turns, or each would generate a key.
    await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for('update');
    const ours = (...origins: ApiKeyRow['origin'][]) =>
      and(eq(apiKeys.tenantId, tenantId), inArray(apiKeys.origin, origins));
    if (configured !== undefined) {
      const forms = [...hasher.candidates(configured)];
      await tx.delete(apiKeys).where(and(ours('CONFIGURED', 'GENERATED'), notInArray(apiKeys.hash, forms)));
      const [kept] = await tx.select({ id: apiKeys.id }).from(apiKeys).where(inArray(apiKeys.hash, forms));
      if (kept === undefined) await addKey(tx, tenantId, configured, 'CONFIGURED', hasher);
      await notify(tx, ACCESS_CHANNEL, tenantId);
      return { tenantId, generatedKey: undefined };
    }
    // Where others share the database, the setting may be theirs.
    if (alone) await tx.delete(apiKeys).where(ours('CONFIGURED'));
    await notify(tx, ACCESS_CHANNEL, tenantId);
    const [kept] = await tx.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.tenantId, tenantId)).limit(1);
    if (kept !== undefined) return { tenantId, generatedKey: undefined };
    const generatedKey = generateApiKey();
    await addKey(tx, tenantId, generatedKey, 'GENERATED', hasher);
    return { tenantId, generatedKey };
  });
}

export async function ensureTenant(database: Database, name: string): Promise<string> {
  await database.insert(tenants).values({ id: newId(), name, createdAt: new Date() }).onConflictDoNothing();
  const [row] = await database.select({ id: tenants.id }).from(tenants).where(eq(tenants.name, name));
  if (row === undefined) throw new Error(`tenant ${name} was not stored`);
  return row.id;
}

export interface KeyDetails {
  readonly name?: string;
  readonly role?: Role;
  readonly expiresAt?: Date | null;
}

/** Without a hasher the key stands as in the first versions, until it is used. */
export async function addKey(
  database: Database,
  tenantId: string,
  key: string,
  origin: ApiKeyRow['origin'],
  hasher?: KeyHasher,
  { name = origin.toLowerCase(), role = 'ADMIN', expiresAt = null }: KeyDetails = {},
): Promise<ApiKeyRow> {
  const hash = hasher?.hash(key) ?? plainHash(key);
  const details = { name, role, expiresAt, prefix: keyPrefix(key), origin, createdAt: new Date() };
  const [row] = await database
    .insert(apiKeys)
    .values({ id: newId(), tenantId, hash, ...details })
    .returning();
  if (row === undefined) throw new Error('the key was not stored');
  return row;
}
