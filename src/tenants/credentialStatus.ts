/**
 * Whether an authenticated caller is still valid: its tenant is not disabled, and its key is neither revoked nor
 * expired. It is checked for open connections and for every image, so answers are cached for a few seconds, or until a
 * notification of a change.
 */
import { and, eq, sql } from '../storage/drizzle.js';
import { ServiceError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { apiKeys, consoleSessions, tenants } from '../storage/tables.js';

/** The channel that notifies the id of a tenant when the tenant or one of its keys has changed. */
export const ACCESS_CHANNEL = 'access';

export const SESSION_ENDED = 'This console session has ended; sign in again.';

const CACHE_MS = 4_000;
const MAX_CACHED = 10_000;

export interface Credential {
  readonly tenantId: string;
  readonly keyId: string | undefined;
  /** Set where the caller is signed in to the console; signing out ends it. */
  readonly consoleSessionId?: string;
}

export interface CredentialStatus {
  /** Undefined while the caller is valid; otherwise, the error for it. `fresh` bypasses the cache. */
  rejection(caller: Credential, fresh?: 'fresh'): Promise<ServiceError | undefined>;
  forget(): void;
}

export function createCredentialStatus(database: Database): CredentialStatus {
  const cache = new Map<string, { readonly at: number; readonly answer: Promise<ServiceError | undefined> }>();

  return {
    forget: () => cache.clear(),
    rejection(caller, fresh) {
      const name = credentialName(caller);
      const known = cache.get(name);
      if (fresh === undefined && known !== undefined && Date.now() - known.at < CACHE_MS) return known.answer;
      const answer = readStatus(database, caller);
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(name, { at: Date.now(), answer });
      // A failed look-up is not cached: the database may answer the next one.
      answer.catch(() => cache.delete(name));
      return answer;
    },
  };
}

/** Callers with the same credential have the same name. */
export function credentialName({ tenantId, keyId = '', consoleSessionId = '' }: Credential): string {
  return `${tenantId}/${keyId}/${consoleSessionId}`;
}

async function readStatus(database: Database, credential: Credential): Promise<ServiceError | undefined> {
  const { tenantId, keyId, consoleSessionId } = credential;
  if (!isId(tenantId) || (keyId !== undefined && !isId(keyId))) return unauthenticated('The caller is not known.');
  const ofKey = and(eq(apiKeys.tenantId, tenants.id), keyId === undefined ? sql`false` : eq(apiKeys.id, keyId));
  const ofSession = and(
    eq(consoleSessions.tenantId, tenants.id),
    consoleSessionId === undefined ? sql`false` : eq(consoleSessions.id, consoleSessionId),
  );
  const [row] = await database
    .select({
      disabledAt: tenants.disabledAt,
      key: apiKeys.id,
      revokedAt: apiKeys.revokedAt,
      expiresAt: apiKeys.expiresAt,
      sessionEnd: consoleSessions.expiresAt,
    })
    .from(tenants)
    .leftJoin(apiKeys, ofKey)
    .leftJoin(consoleSessions, ofSession)
    .where(eq(tenants.id, tenantId));
  if (row === undefined) return unauthenticated('The caller is not known.');
  if (keyId !== undefined && (row.key === null || row.revokedAt !== null))
    return unauthenticated('This API key was revoked.');
  if (row.expiresAt !== null && row.expiresAt <= new Date()) return unauthenticated('This API key has expired.');
  if (consoleSessionId !== undefined && (row.sessionEnd === null || row.sessionEnd <= new Date()))
    return unauthenticated(SESSION_ENDED);
  return row.disabledAt === null ? undefined : unauthenticated('This tenant is disabled.');
}

export function unauthenticated(message: string): ServiceError {
  return new ServiceError('UNAUTHENTICATED', message);
}
