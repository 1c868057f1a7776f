/**
 * Callers with an open connection. A session ends when its key is revoked, its tenant is disabled, or it expires:
 * immediately after a notification, at the latest with the next periodic check, and exactly at its expiry. Sessions of
 * one caller share the check.
 */
import type { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Identity } from './identity.js';
import type { CredentialStatus } from './credentialStatus.js';
import { SESSION_ENDED, credentialName, unauthenticated } from './credentialStatus.js';

/** The longest that a session outlives its credential when a notification is lost. */
export const RECHECK_MS = 4_000;

export interface Session {
  /** Aborted with a `ServiceError` as reason when the caller is not valid any more. */
  readonly signal: AbortSignal;
  close(): void;
}

export interface Sessions {
  open(identity: Identity): Session;
  /** Checks now, because something has changed for a tenant. */
  recheck(tenantId?: string): Promise<void>;
  stop(): void;
}

interface OpenSession {
  readonly identity: Identity;
  readonly controller: AbortController;
}

export function createSessions(credentialStatus: CredentialStatus, log: Log, recheckMs = RECHECK_MS): Sessions {
  const open = new Set<OpenSession>();
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

  return {
    open(identity) {
      const entry: OpenSession = { identity, controller: new AbortController() };
      open.add(entry);
      const expiry = scheduleAt(identity.expiresAt, () => entry.controller.abort(expired(identity)));
      const close = (): void => {
        open.delete(entry);
        expiry.stop();
      };
      entry.controller.signal.addEventListener('abort', close, { once: true });
      return { signal: entry.controller.signal, close };
    },
    recheck,
    stop: () => clearInterval(polling),
  };
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
