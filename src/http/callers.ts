/**
 * Who sends a request: by a key or token in a header, otherwise by the session cookie of the console. The caller is
 * identified before the body is read, so that nothing is kept for who is not known, and once per request, whoever asks.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.js';
import { ServiceError } from '../errors.js';
import type { AccessControl } from '../tenants/accessControl.js';
import { csrfToken } from '../tenants/consoleSessions.js';
import { unauthenticated } from '../tenants/credentialStatus.js';
import type { Identity } from '../tenants/identity.js';
import { requireOwnOrigin, requireSameOrigin } from './sameOrigin.js';
import { sessionToken } from './sessionCookie.js';

export interface Callers {
  /** Whether the request has a key, a token, or a session, valid or not. */
  hasCredential(request: IncomingMessage): boolean;
  /** Throws `ServiceError`, and the errors of the database. */
  identify(request: IncomingMessage): Promise<Identity>;
  /** @param authorization what the client sent in its first message; otherwise the headers of the upgrade count */
  identifySocket(request: IncomingMessage, authorization: unknown): Promise<Identity>;
}

/** Requests with these methods change nothing. */
const SAFE_METHODS = ['GET', 'HEAD'];

export function createCallers(access: AccessControl, config: Config): Callers {
  const known = new WeakMap<IncomingMessage, Promise<Identity>>();
  const consoleToken = (request: IncomingMessage): string | undefined =>
    config.console.enabled && request.headers.authorization === undefined ? sessionToken(request, config) : undefined;

  async function authenticate(request: IncomingMessage): Promise<Identity> {
    const token = consoleToken(request);
    if (token === undefined) return access.authenticate(request.headers.authorization);
    requireSameOrigin(request);
    const { identity } = await access.authenticateConsole(token);
    if (!SAFE_METHODS.includes(request.method ?? '')) requireCsrfToken(request, token);
    return identity;
  }

  return {
    hasCredential: (request) => request.headers.authorization !== undefined || consoleToken(request) !== undefined,
    identify(request) {
      const found = known.get(request) ?? authenticate(request);
      known.set(request, found);
      return found;
    },
    async identifySocket(request, authorization) {
      const token = authorization == null ? consoleToken(request) : undefined;
      if (token === undefined) return access.authenticate(authorization ?? requireHeader(request));
      requireOwnOrigin(request, config);
      return (await access.authenticateConsole(token)).identity;
    },
  };
}

function requireHeader({ headers: { authorization } }: IncomingMessage): string {
  if (authorization !== undefined) return authorization;
  throw unauthenticated(
    'send "authorization: Bearer <key>" in the payload of connection_init, or as a header of the upgrade.',
  );
}

/** @throws ServiceError CROSS_SITE_REQUEST */
export function requireCsrfToken({ headers }: IncomingMessage, token: string): void {
  const given = Buffer.from(String(headers['x-csrf-token']));
  const expected = Buffer.from(csrfToken(token));
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  const message = 'x-csrf-token: a request with the session cookie needs this header, with the token of GET /session.';
  throw new ServiceError('CROSS_SITE_REQUEST', message);
}
