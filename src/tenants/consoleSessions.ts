/**
 * Who is signed in to the console. The browser has a random token in a cookie, and the database its hash, so a session
 * is valid at every process and after a restart. It ends when it expires, with the key or token that it was made with,
 * and when the person signs out. Known and unknown tokens cost one query each.
 */
import { and, desc, eq, lte, notInArray } from '../storage/drizzle.js';
import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from '../storage/database.js';
import { notify } from '../storage/database.js';
import { newId } from '../storage/identifiers.js';
import { apiKeys, consoleSessions, tenants } from '../storage/tables.js';
import { coalesceCallers } from './coalesceCallers.js';
import { ACCESS_CHANNEL, SESSION_ENDED, unauthenticated } from './credentialStatus.js';
import type { Identity } from './identity.js';
import type { KeyHasher } from './keyHash.js';
import { sameHash } from './keyHash.js';

export interface ConsoleSession {
  readonly identity: Identity;
  /** The name of the key or of the person. */
  readonly name: string;
}

export interface StartedSession {
  /** The value of the cookie. It cannot be read again. */
  readonly token: string;
  readonly expiresAt: Date;
}

export interface ConsoleSessions {
  /** @param name of the person; for a session with a key, the key's name is taken */
  start(identity: Identity, name?: string): Promise<StartedSession>;
  /** Throws UNAUTHENTICATED, which says why the session has ended. */
  require(token: string): Promise<ConsoleSession>;
  /** Signs out, everywhere where the cookie is used, and closes its connections. */
  end(identity: Identity): Promise<void>;
}

/** Of one key or person. The oldest end. */
const MOST_SESSIONS = 20;

const TOKEN = /^[\w-]{43}$/;
const HOUR_MS = 3_600_000;

export function createConsoleSessions(database: Database, hasher: KeyHasher, hours: number): ConsoleSessions {
  const lookUp = coalesceCallers(find);

  async function find(token: string): Promise<ConsoleSession> {
    const hash = hasher.hash(token);
    const [row] = await database
      .select({ session: consoleSessions, key: apiKeys, tenantName: tenants.name, disabledAt: tenants.disabledAt })
      .from(consoleSessions)
      .innerJoin(tenants, eq(tenants.id, consoleSessions.tenantId))
      .leftJoin(apiKeys, and(eq(apiKeys.tenantId, tenants.id), eq(apiKeys.id, consoleSessions.keyId)))
      .where(eq(consoleSessions.hash, hash));
    const now = new Date();
    if (row === undefined || !sameHash(hash, row.session.hash) || row.session.expiresAt <= now)
      throw unauthenticated(SESSION_ENDED);
    const { session, key, tenantName, disabledAt } = row;
    if (key !== null && key.revokedAt !== null) throw unauthenticated('This API key was revoked.');
    if (key !== null && key.expiresAt !== null && key.expiresAt <= now)
      throw unauthenticated('This API key has expired.');
    if (disabledAt !== null) throw unauthenticated('This tenant is disabled.');
    const { tenantId, subject, expiresAt, id: consoleSessionId } = session;
    const role = key?.role ?? session.role;
    const identity = { tenantId, tenantName, role, subject, keyId: key?.id, expiresAt, consoleSessionId };
    return { identity, name: key?.name ?? session.name };
  }

  return {
    async start({ tenantId, keyId = null, subject, role, expiresAt: credentialEnd }, name = subject) {
      const token = randomBytes(32).toString('base64url');
      const now = new Date();
      const end = new Date(now.getTime() + hours * HOUR_MS);
      const expiresAt = credentialEnd !== undefined && credentialEnd < end ? credentialEnd : end;
      const row = { id: newId(), tenantId, hash: hasher.hash(token), keyId, subject, name, role };
      await database.delete(consoleSessions).where(lte(consoleSessions.expiresAt, now));
      await database.insert(consoleSessions).values({ ...row, createdAt: now, expiresAt });
      await endOldest(database, tenantId, subject);
      return { token, expiresAt };
    },

    async require(token) {
      if (!TOKEN.test(token)) throw unauthenticated(SESSION_ENDED);
      return lookUp(token);
    },

    async end({ tenantId, consoleSessionId = '' }) {
      await database.transaction(async (tx) => {
        await tx.delete(consoleSessions).where(eq(consoleSessions.id, consoleSessionId));
        await notify(tx, ACCESS_CHANNEL, tenantId);
      });
    },
  };
}

async function endOldest(database: Database, tenantId: string, subject: string): Promise<void> {
  const own = and(eq(consoleSessions.tenantId, tenantId), eq(consoleSessions.subject, subject));
  const newest = database
    .select({ id: consoleSessions.id })
    .from(consoleSessions)
    .where(own)
    .orderBy(desc(consoleSessions.id))
    .limit(MOST_SESSIONS);
  const ended = await database
    .delete(consoleSessions)
    .where(and(own, notInArray(consoleSessions.id, newest)))
    .returning({ id: consoleSessions.id });
  // Their connections end, too.
  if (ended.length > 0) await notify(database, ACCESS_CHANNEL, tenantId);
}

/** A page of another origin cannot read it, so a request that carries it comes from the console itself. */
export function csrfToken(token: string): string {
  return createHmac('sha256', token).update('csrf').digest('base64url');
}
