/**
 * The one check at every door: HTTP, WebSocket, SSE, artifacts. A key or a token becomes an identity, or the caller
 * gets an error. Refusals are counted by reason and logged without what was sent.
 */
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Storage } from '../storage/database.js';
import type { Identity } from './identity.js';
import { createKeyCheck } from './keyCheck.js';
import type { KeyHasher } from './keyHash.js';
import type { Refusals } from './refusals.js';
import { createRefusals } from './refusals.js';
import type { Sessions } from './sessions.js';
import { createSessions } from './sessions.js';
import type { Standing } from './standing.js';
import { ACCESS_CHANNEL, createStanding, gone } from './standing.js';
import type { TokenConfig } from '../config/tokens.js';
import { createTokenCheck, looksLikeToken } from './tokens.js';

export interface Access {
  /** `authorization` is the HTTP header's value, or the WebSocket connection parameter of that name. */
  authenticate(authorization: unknown): Promise<Identity>;
  readonly standing: Standing;
  readonly sessions: Sessions;
  readonly hasher: KeyHasher;
  readonly refusals: Refusals;
  close(): Promise<void>;
}

export interface AccessParts {
  readonly storage: Storage;
  readonly hasher: KeyHasher;
  readonly tokens: TokenConfig | undefined;
  readonly log: Log;
}

export async function openAccess({ storage, hasher, tokens, log }: AccessParts): Promise<Access> {
  const { database } = storage;
  const standing = createStanding(database);
  const sessions = createSessions(standing, log);
  const refusals = createRefusals(log);
  const checkKey = createKeyCheck(database, hasher, log);
  const checkToken = tokens === undefined ? undefined : createTokenCheck(database, tokens, log);
  const unlisten = await storage.listen(ACCESS_CHANNEL, (tenantId) => {
    standing.forget();
    void sessions.look(tenantId);
  });

  function check(authorization: unknown): Promise<Identity> {
    const credential = credentialIn(authorization);
    if (checkToken !== undefined && looksLikeToken(credential)) return checkToken(credential);
    if (credential.length > KEY_LENGTH) throw gone('This API key is not known.');
    return checkKey(credential);
  }

  return {
    standing,
    sessions,
    hasher,
    refusals,
    async authenticate(authorization) {
      try {
        return await check(authorization);
      } catch (error) {
        if (error instanceof ServiceError) refusals.count(error);
        throw error;
      }
    },
    async close() {
      sessions.stop();
      await unlisten();
    },
  };
}

const KEY_LENGTH = 200;

function credentialIn(authorization: unknown): string {
  if (authorization === undefined || authorization === null || authorization === '') {
    throw gone('An API key is needed: send "authorization: Bearer <key>".');
  }
  const found = typeof authorization === 'string' ? /^Bearer +(\S{1,8192}) *$/i.exec(authorization)?.[1] : undefined;
  if (found === undefined) throw gone('authorization: must have the form "Bearer <key>".');
  return found;
}
