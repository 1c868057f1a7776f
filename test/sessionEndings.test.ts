/** Sessions end with their key or tenant, by a notification or by the next check: on a database, without a server. */
import { once } from 'node:events';
import { eq } from 'drizzle-orm';
import { openStorage } from '../src/storage/open.js';
import type { Storage } from '../src/storage/database.js';
import { apiKeys } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import type { AccessControl } from '../src/tenants/accessControl.js';
import { openAccessControl } from '../src/tenants/accessControl.js';
import { RECHECK_MS } from '../src/tenants/sessions.js';
import { createKeyHasher } from '../src/tenants/keyHash.js';
import { apiKeysOf } from '../src/tenants/apiKeys.js';
import { createTenantAdmin } from '../src/tenants/tenantAdmin.js';
import { createLog } from '../src/log.js';
import { databaseOf } from './support/database.js';
import { newDataDirectory } from './support/server.js';

describe('on a database of its own', () => {
  let storage: Storage;
  let access: AccessControl;
  let polling: AccessControl;
  const statements: string[] = [];
  beforeAll(async () => {
    storage = await openStorage(await databaseOf(newDataDirectory()), {
      onStatement: (statement) => statements.push(statement),
    });
    const hasher = createKeyHasher(Buffer.from('a secret for this test'));
    const sessionLimits = { sessions: 1000, sessionsPerTenant: 1000 };
    const options = {
      storage,
      hasher,
      jwt: undefined,
      log: createLog('silent'),
      consoleSessionHours: 1,
      sessionLimits,
    };
    access = await openAccessControl({ ...options, recheckMs: 3_600_000 });
    polling = await openAccessControl({ ...options, recheckMs: 50 });
  });
  afterAll(async () => {
    await Promise.all([access.close(), polling.close()]);
    await storage.close();
  });

  async function sessionsOf(name: string, count: number, { authenticate, sessions } = access) {
    const { id } = await createTenantAdmin(storage.database).create(name);
    const keys = apiKeysOf(forTenant(storage.database, id), access.hasher);
    const { apiKey, secret } = await keys.create({ name, role: 'VIEWER' });
    const identity = await authenticate(`Bearer ${secret}`);
    return { keys, keyId: apiKey.id, sessions: Array.from({ length: count }, () => sessions.open(identity)) };
  }
  const ended = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
    if (!signal.aborted) await once(signal, 'abort');
  };

  test('disabling a tenant ends its sessions with a notification, without waiting for the next check', async () => {
    const [one, other] = [await sessionsOf('one', 1), await sessionsOf('other', 1)];
    await createTenantAdmin(storage.database).disable('one');
    await Promise.all(one.sessions.map(ended));
    expect(one.sessions[0]?.signal.reason).toMatchObject({ message: 'This tenant is disabled.' });
    expect(other.sessions[0]?.signal.aborted).toBe(false);
    other.sessions.forEach((session) => session.close());
  });

  test('revoking a key ends its sessions with a notification, and no others', async () => {
    const [one, other] = [await sessionsOf('revoked', 2), await sessionsOf('not revoked', 1)];
    await one.keys.revoke(one.keyId, false);
    await Promise.all(one.sessions.map(ended));
    expect(one.sessions[0]?.signal.reason).toMatchObject({ message: 'This API key was revoked.' });
    expect(other.sessions[0]?.signal.aborted).toBe(false);
    other.sessions.forEach((session) => session.close());
  });

  const revokeUnnoticed = (keyId: string) =>
    storage.database.update(apiKeys).set({ revokedAt: new Date() }).where(eq(apiKeys.id, keyId));

  test('a check costs one query for all sessions of a caller', async () => {
    const { keyId, sessions } = await sessionsOf('unnoticed', 50);
    await revokeUnnoticed(keyId);
    const before = statements.length;
    await access.sessions.recheck();
    expect(sessions.every(({ signal }) => signal.aborted)).toBe(true);
    expect(statements.length - before).toBe(1);
  });

  test('a lost notification costs less than five seconds: all sessions are checked at intervals', async () => {
    const { keyId, sessions } = await sessionsOf('polled', 50, polling);
    await revokeUnnoticed(keyId);
    await Promise.all(sessions.map(ended));
    expect(RECHECK_MS).toBeLessThan(5_000);
  });
});
