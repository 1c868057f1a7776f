/**
 * Callers with an open connection. A session ends when its key is revoked, its tenant is disabled, or it expires:
 * immediately after a notification, at the latest with the next periodic check, and exactly at its expiry. Sessions of
 * one caller share the check. A process holds a bounded number of them, of which no tenant can take the others' part.
 */
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Identity } from './identity.js';
import type { CredentialStatus } from './credentialStatus.js';
import { SESSION_ENDED, credentialName, unauthenticated } from './credentialStatus.js';

/** The longest that a session outlives its credential when a notification is lost. */
export const RECHECK_MS = 4_000;

/** After which a client that found no room tries again. */
const RETRY_MS = 5_000;

export interface Session {
  /** Aborted with a `ServiceError` as reason when the caller is not valid any more. */
  readonly signal: AbortSignal;
  close(): void;
}

export interface SessionLimits {
  /** Of all tenants. */
  readonly sessions: number;
  readonly sessionsPerTenant: number;
}

export interface Sessions {
  /** @throws ServiceError TOO_MANY_SESSIONS */
  open(identity: Identity): Session;
  /** Checks now, because something has changed for a tenant. */
  recheck(tenantId?: string): Promise<void>;
  stop(): void;
}

interface OpenSession {
  readonly identity: Identity;
  readonly controller: AbortController;
}

export function createSessions(
  credentialStatus: CredentialStatus,
  log: Log,
  limits: SessionLimits,
  recheckMs = RECHECK_MS,
): Sessions {
  const open = new Set<OpenSession>();
  const ofTenants = new Map<string, number>();
  const polling = setInterval(() => void recheck(), recheckMs).unref();

  async function recheck(tenantId?: string): Promise<void> {
    const watched = [...open].filter(({ identity }) => tenantId === undefined || identity.tenantId === tenantId);
    const callers = Map.groupBy(watched, ({ identity }) => credentialName(identity));
    await Promise.all([...callers.values()].map(recheckCaller));
  }

  async function recheckCaller(sessions: readonly OpenSession[]): Promise<void> {
    const [one] = sessions;
    if (one === undefined) return;
    try {
      const end = await credentialStatus.rejection(one.identity, 'fresh');
      if (end !== undefined) sessions.forEach(({ controller }) => controller.abort(end));
    } catch (error) {
      // The database is unavailable. Nobody is disconnected for that, and the next check follows soon.
      log.warn({ err: error, tenant: one.identity.tenantId }, 'open sessions could not be checked');
    }
  }

  /** A tenant has at most half of what the others leave, so there is room for one more tenant until very many came. */
  function requireRoom(tenantId: string): void {
    const own = ofTenants.get(tenantId) ?? 0;
    const share = Math.max(1, Math.floor((limits.sessions - (open.size - own)) / 2));
    const limit = Math.min(limits.sessionsPerTenant, share);
    if (open.size >= limits.sessions) throw tooMany('This process', open.size, limits.sessions);
    if (own >= limit) throw tooMany('The tenant', own, limit);
  }

  return {
    open(identity) {
      requireRoom(identity.tenantId);
      const entry: OpenSession = { identity, controller: new AbortController() };
      open.add(entry);
      ofTenants.set(identity.tenantId, (ofTenants.get(identity.tenantId) ?? 0) + 1);
      const expiry = scheduleAt(identity.expiresAt, () => entry.controller.abort(expired(identity)));
      const close = (): void => {
        if (!open.delete(entry)) return;
        const left = (ofTenants.get(identity.tenantId) ?? 1) - 1;
        if (left === 0) ofTenants.delete(identity.tenantId);
        else ofTenants.set(identity.tenantId, left);
        expiry.stop();
      };
      entry.controller.signal.addEventListener('abort', close, { once: true });
      return { signal: entry.controller.signal, close };
    },
    recheck,
    stop: () => clearInterval(polling),
  };
}

function tooMany(who: string, open: number, limit: number): ServiceError {
  const problem = `has ${String(open)} of at most ${String(limit)} WebSockets and event streams in this process`;
  return new ServiceError('TOO_MANY_SESSIONS', `${who} ${problem}; close one, or try again later`, {
    limit,
    retryAfterMs: RETRY_MS,
  });
}

function expired({ keyId, consoleSessionId }: Identity): ServiceError {
  if (consoleSessionId !== undefined) return unauthenticated(SESSION_ENDED);
  return unauthenticated(keyId === undefined ? 'The token has expired.' : 'This API key has expired.');
}

/** Timers hold at most 2³¹ ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function scheduleAt(time: Date | undefined, then: () => void): { stop(): void } {
  if (time === undefined) return { stop: () => undefined };
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = time.getTime() - Date.now();
    if (left <= 0) return then();
    timer = setTimeout(wait, Math.min(left, LONGEST_TIMER_MS)).unref();
  };
  timer = setTimeout(wait, 0).unref();
  return { stop: () => clearTimeout(timer) };
}
