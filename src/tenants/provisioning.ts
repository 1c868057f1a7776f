/**
 * Creates tenants and keys for the service and the command line. The first start creates the default tenant with the
 * configured key or a generated one.
 */
import { and, eq, inArray, notInArray } from '../storage/drizzle.js';
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
  /** True if this start generated a key. */
  readonly generated: boolean;
}

/**
 * Finds or creates the default tenant and its key. A configured key replaces an earlier configured or generated one, so
 * that setting another one disables a leaked key. Keys that an admin created stay.
 *
 * @param keep stores a generated key where a person finds it. If it throws, the key is not created
 */
export async function ensureDefaultTenant(
  database: Database,
  configured: string | undefined,
  hasher: KeyHasher,
  alone: boolean,
  keep: (key: string) => void,
): Promise<DefaultTenant> {
  return database.transaction(async (tx) => {
    const tenantId = await ensureTenant(tx, DEFAULT_TENANT);
    // Serializes processes that start at once; otherwise, each would generate a key.
    await tx.select({ id: tenants.id }).from(tenants).where(eq(tenants.id, tenantId)).for('update');
    const ours = (...origins: ApiKeyRow['origin'][]) =>
      and(eq(apiKeys.tenantId, tenantId), inArray(apiKeys.origin, origins));
    if (configured !== undefined) {
      const forms = [...hasher.candidates(configured)];
      await tx.delete(apiKeys).where(and(ours('CONFIGURED', 'GENERATED'), notInArray(apiKeys.hash, forms)));
      const [existing] = await tx.select({ id: apiKeys.id }).from(apiKeys).where(inArray(apiKeys.hash, forms));
      if (existing === undefined) await addKey(tx, tenantId, configured, 'CONFIGURED', hasher);
      await notify(tx, ACCESS_CHANNEL, tenantId);
      return { tenantId, generated: false };
    }
    // If other processes share the database, the key may be their setting.
    if (alone) await tx.delete(apiKeys).where(ours('CONFIGURED'));
    await notify(tx, ACCESS_CHANNEL, tenantId);
    const [existing] = await tx.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.tenantId, tenantId)).limit(1);
    if (existing !== undefined) return { tenantId, generated: false };
    const generatedKey = generateApiKey();
    await addKey(tx, tenantId, generatedKey, 'GENERATED', hasher);
    keep(generatedKey);
    return { tenantId, generated: true };
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

/** Without a hasher, the key is stored as in the first versions, until it is used. */
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
