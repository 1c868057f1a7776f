/**
 * The access check for all transports: HTTP, WebSocket, SSE, and artifacts. It turns a key or token into an identity,
 * or throws. Failures are counted by reason and logged without the credential.
 */
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Storage } from '../storage/database.js';
import type { Identity } from './identity.js';
import { createApiKeyAuthenticator } from './apiKeyAuthenticator.js';
import { coalesceCallers } from './coalesceCallers.js';
import type { KeyHasher } from './keyHash.js';
import { inTurnsOfTenants } from './lookUpTurns.js';
import type { AuthFailures } from './authFailures.js';
import { createAuthFailures } from './authFailures.js';
import type { SessionLimits, Sessions } from './sessions.js';
import { createSessions } from './sessions.js';
import type { ConsoleSession, ConsoleSessions } from './consoleSessions.js';
import { createConsoleSessions } from './consoleSessions.js';
import type { CredentialStatus } from './credentialStatus.js';
import { ACCESS_CHANNEL, createCredentialStatus, unauthenticated } from './credentialStatus.js';
import type { JwtConfig } from '../config/jwt.js';
import type { OidcConfig } from '../config/oidc.js';
import type { IdentityProvider } from './identityProvider.js';
import { createIdentityProvider } from './identityProvider.js';
import { createJwtAuthenticator, looksLikeJwt } from './jwtAuthenticator.js';

export interface AccessControl {
  /** authorization` is the value of the HTTP header or of the WebSocket connection parameter. */
  authenticate(authorization: unknown): Promise<Identity>;
  /** Who is signed in to the console with this cookie. */
  authenticateConsole(token: string): Promise<ConsoleSession>;
  readonly consoleSessions: ConsoleSessions;
  /** Undefined where only keys sign in. */
  readonly identityProvider: IdentityProvider | undefined;
  readonly credentialStatus: CredentialStatus;
  readonly sessions: Sessions;
  readonly hasher: KeyHasher;
  readonly authFailures: AuthFailures;
  close(): Promise<void>;
}

export interface AccessControlOptions {
  readonly storage: Storage;
  readonly hasher: KeyHasher;
  readonly jwt: JwtConfig | undefined;
  readonly oidc?: OidcConfig | undefined;
  readonly log: Log;
  /** How long one stays signed in to the console. */
  readonly consoleSessionHours: number;
  readonly sessionLimits: SessionLimits;
  /** How often open sessions are checked without a notification; for tests. */
  readonly recheckMs?: number;
}

export async function openAccessControl({
  storage,
  hasher,
  jwt,
  oidc,
  log,
  consoleSessionHours,
  sessionLimits,
  recheckMs,
}: AccessControlOptions): Promise<AccessControl> {
  const { database } = storage;
  const credentialStatus = createCredentialStatus(database);
  const sessions = createSessions(credentialStatus, log, sessionLimits, recheckMs);
  const authFailures = createAuthFailures(log);
  const consoleSessions = createConsoleSessions(database, hasher, consoleSessionHours);
  const authenticateKey = coalesceCallers(inTurnsOfTenants(createApiKeyAuthenticator(database, hasher, log)));
  const authenticateJwt = jwt === undefined ? undefined : inTurnsOfTenants(createJwtAuthenticator(database, jwt, log));
  const identityProvider =
    jwt === undefined || oidc === undefined
      ? undefined
      : createIdentityProvider(
          oidc,
          jwt.issuer,
          createJwtAuthenticator(database, { ...jwt, audience: oidc.clientId }, log),
          log,
        );
  const unlisten = await storage.listen(ACCESS_CHANNEL, (tenantId) => {
    credentialStatus.forget();
    void sessions.recheck(tenantId);
  });

  async function identify(authorization: unknown): Promise<Identity> {
    const credential = credentialIn(authorization);
    if (authenticateJwt !== undefined && looksLikeJwt(credential)) return authenticateJwt(credential);
    if (credential.length > KEY_LENGTH) throw unauthenticated('This API key is not known.');
    return authenticateKey(credential);
  }

  async function counted<T>(identified: Promise<T>): Promise<T> {
    try {
      return await identified;
    } catch (error) {
      if (error instanceof ServiceError) authFailures.count(error);
      throw error;
    }
  }

  return {
    consoleSessions,
    identityProvider:
      identityProvider === undefined
        ? undefined
        : { ...identityProvider, finish: (...answer) => counted(identityProvider.finish(...answer)) },
    credentialStatus,
    sessions,
    hasher,
    authFailures,
    authenticate: (authorization) => counted(identify(authorization)),
    authenticateConsole: (token) => counted(consoleSessions.require(token)),
    async close() {
      sessions.stop();
      await unlisten();
    },
  };
}

const KEY_LENGTH = 200;

function credentialIn(authorization: unknown): string {
  if (authorization === undefined || authorization === null || authorization === '') {
    throw unauthenticated('An API key is required: send "authorization: Bearer <key>".');
  }
  const found = typeof authorization === 'string' ? /^Bearer +(\S{1,8192}) *$/i.exec(authorization)?.[1] : undefined;
  if (found === undefined) throw unauthenticated('authorization: must have the form "Bearer <key>".');
  return found;
}
