/**
 * Whether a caller that was let in may stay: its tenant is not turned off, its key neither revoked nor run out. Asked
 * again while something is open, and for every picture; so an answer is kept for a few seconds, unless a
 * notification says that something has changed.
 */
import { and, eq, sql } from 'drizzle-orm';
import { ServiceError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { isId } from '../storage/identifiers.js';
import { apiKeys, tenants } from '../storage/tables.js';

/** The channel on which the id of a tenant is told when a key of it, or it itself, has changed. */
export const ACCESS_CHANNEL = 'access';

const KEPT_MS = 4_000;
const KEPT_ANSWERS = 10_000;

export interface Caller {
  readonly tenantId: string;
  readonly keyId: string | undefined;
}

export interface Standing {
  /** Undefined while the caller may stay; else the error it is to get. `fresh` does not take an answer that was kept. */
  end(caller: Caller, fresh?: 'fresh'): Promise<ServiceError | undefined>;
  forget(): void;
}

export function createStanding(database: Database): Standing {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<ServiceError | undefined> }>();

  return {
    forget: () => kept.clear(),
    end(caller, fresh) {
      const name = `${caller.tenantId}/${caller.keyId ?? ''}`;
      const known = kept.get(name);
      if (fresh === undefined && known !== undefined && Date.now() - known.at < KEPT_MS) return known.answer;
      const answer = look(database, caller);
      if (kept.size >= KEPT_ANSWERS) kept.clear();
      kept.set(name, { at: Date.now(), answer });
      // A database that does not answer now may answer the next one.
      answer.catch(() => kept.delete(name));
      return answer;
    },
  };
}

async function look(database: Database, { tenantId, keyId }: Caller): Promise<ServiceError | undefined> {
  if (!isId(tenantId) || (keyId !== undefined && !isId(keyId))) return gone('The caller is not known.');
  const ofKey = and(eq(apiKeys.tenantId, tenants.id), keyId === undefined ? sql`false` : eq(apiKeys.id, keyId));
  const [row] = await database
    .select({
      disabledAt: tenants.disabledAt,
      key: apiKeys.id,
      revokedAt: apiKeys.revokedAt,
      expiresAt: apiKeys.expiresAt,
    })
    .from(tenants)
    .leftJoin(apiKeys, ofKey)
    .where(eq(tenants.id, tenantId));
  if (row === undefined) return gone('The caller is not known.');
  if (keyId !== undefined && (row.key === null || row.revokedAt !== null)) return gone('This API key was revoked.');
  if (row.expiresAt !== null && row.expiresAt <= new Date()) return gone('This API key has expired.');
  return row.disabledAt === null ? undefined : gone('This tenant is disabled.');
}

export function gone(message: string): ServiceError {
  return new ServiceError('UNAUTHENTICATED', message);
}
