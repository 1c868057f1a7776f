/**
 * API keys. Only a key's SHA-256 is stored: keys are long random strings, so a plain hash tells nothing.
 * The first start makes the default tenant; its key is the configured one, or one that is generated once.
 */
import { createHash, randomBytes } from 'node:crypto';
import { and, eq, ne } from 'drizzle-orm';
import { ServiceError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import { apiKeys, tenants } from '../storage/tables.js';

export interface Identity {
  readonly tenantId: string;
}

export const DEFAULT_TENANT = 'default';

export interface DefaultTenant {
  readonly tenantId: string;
  /** Set when this start generated a key: the only moment at which it is known. */
  readonly generatedKey: string | undefined;
}

/**
 * Finds or makes the default tenant and its key. A configured key replaces whatever key was there, so that a
 * leaked key is turned off by setting another.
 */
export async function ensureDefaultTenant(database: Database, configured: string | undefined): Promise<DefaultTenant> {
  return database.transaction(async (tx) => {
    const tenantId = await ensureTenant(tx, DEFAULT_TENANT);
    if (configured !== undefined) {
      await tx.delete(apiKeys).where(and(eq(apiKeys.tenantId, tenantId), ne(apiKeys.hash, hashOf(configured))));
      await addKey(tx, tenantId, configured, 'CONFIGURED');
      return { tenantId, generatedKey: undefined };
    }
    await tx.delete(apiKeys).where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.origin, 'CONFIGURED')));
    const [kept] = await tx.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.tenantId, tenantId)).limit(1);
    if (kept !== undefined) return { tenantId, generatedKey: undefined };
    const generatedKey = `dd_${randomBytes(24).toString('base64url')}`;
    await addKey(tx, tenantId, generatedKey, 'GENERATED');
    return { tenantId, generatedKey };
  });
}

export async function ensureTenant(database: Database, name: string): Promise<string> {
  await database.insert(tenants).values({ id: newId(), name, createdAt: new Date() }).onConflictDoNothing();
  const [row] = await database.select({ id: tenants.id }).from(tenants).where(eq(tenants.name, name));
  if (row === undefined) throw new Error(`tenant ${name} was not stored`);
  return row.id;
}

export async function addKey(
  database: Database,
  tenantId: string,
  key: string,
  origin: 'CONFIGURED' | 'GENERATED',
): Promise<void> {
  await database
    .insert(apiKeys)
    .values({ id: newId(), tenantId, hash: hashOf(key), origin, createdAt: new Date() })
    .onConflictDoNothing();
}

/** `authorization` is the HTTP header's value, or the WebSocket connection parameter of that name. */
export async function authenticate(database: Database, authorization: unknown): Promise<Identity> {
  if (authorization === undefined || authorization === null || authorization === '') {
    throw new ServiceError('UNAUTHENTICATED', 'An API key is needed: send "authorization: Bearer <key>".');
  }
  const key = typeof authorization === 'string' ? /^Bearer +(\S{1,200}) *$/i.exec(authorization)?.[1] : undefined;
  if (key === undefined) {
    throw new ServiceError('UNAUTHENTICATED', 'authorization: must have the form "Bearer <key>".');
  }
  const [row] = await database
    .select({ tenantId: apiKeys.tenantId })
    .from(apiKeys)
    .where(eq(apiKeys.hash, hashOf(key)));
  if (row === undefined) throw new ServiceError('UNAUTHENTICATED', 'This API key is not known.');
  return row;
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
