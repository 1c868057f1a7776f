/** /session: signs in to the console with an API key, says who is signed in, and signs out. */
import express, { Router } from 'express';
import type { Request, Response } from 'express';
import { ServiceError, badInput } from '../errors.js';
import type { Services } from '../resolvers/context.js';
import { csrfToken } from '../tenants/consoleSessions.js';
import type { Identity } from '../tenants/identity.js';
import { requireCsrfToken } from './callers.js';
import { requireSameOrigin } from './sameOrigin.js';
import { clearSessionCookie, sessionToken, setSessionCookie } from './sessionCookie.js';
import { limitSignIns } from './signInAttempts.js';

const PATH = '/session';
/** A key has 200 characters at most. */
const readBody = express.json({ limit: '4kb' });

export function serveSession({ access, config, rateLimiter }: Services): Router {
  const limited = limitSignIns();

  async function identityOf(key: unknown): Promise<Identity> {
    if (typeof key !== 'string' || key === '') throw badInput('key', 'an API key is required, as JSON: { "key": "…" }');
    const identity = await access.authenticate(`Bearer ${key}`);
    if (identity.keyId === undefined) throw badInput('key', 'this is a token; only an API key signs in here');
    return identity;
  }

  async function send(response: Response, token: string | undefined): Promise<void> {
    response.json({ ...(await describe(token)), identityProvider: access.identityProvider !== undefined });
  }

  async function describe(token: string | undefined): Promise<object> {
    if (token === undefined) return { session: null, ended: null };
    try {
      const { identity, name } = await access.consoleSessions.require(token);
      const { tenantName: tenant, role, subject, keyId = null, expiresAt } = identity;
      return {
        session: { tenant, role, name, subject, keyId, expiresAt, csrfToken: csrfToken(token) },
        ended: null,
      };
    } catch (error) {
      if (error instanceof ServiceError) return { session: null, ended: error.message };
      throw error;
    }
  }

  const router = Router();
  router.use(PATH, (request, response, next) => {
    response.set('cache-control', 'no-store').vary('cookie');
    requireSameOrigin(request);
    next();
  });
  router.get(PATH, (request, response) => send(response, sessionToken(request, config)));
  router.post(PATH, readBody, async (request: Request, response) => {
    const { key } = (request.body ?? {}) as { key?: unknown };
    const identity = await limited(request, () => identityOf(key));
    await rateLimiter.consume(identity.tenantId);
    const started = await access.consoleSessions.start(identity);
    setSessionCookie(request, response, started, config);
    await send(response.status(201), started.token);
  });
  router.delete(PATH, async (request, response) => {
    const token = sessionToken(request, config);
    if (token !== undefined) {
      requireCsrfToken(request, token);
      const found = await access.consoleSessions.require(token).catch(ignoreEnded);
      if (found !== undefined) await access.consoleSessions.end(found.identity);
    }
    clearSessionCookie(response);
    response.status(204).end();
  });
  router.all(PATH, (_request, response) => {
    const message = 'Sign in with POST, ask who is signed in with GET, and sign out with DELETE.';
    response
      .status(405)
      .set('allow', 'GET, POST, DELETE')
      .json({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
  });
  return router;
}

/** Who is signed out already may sign out. */
function ignoreEnded(error: unknown): undefined {
  if (!(error instanceof ServiceError)) throw error;
}
