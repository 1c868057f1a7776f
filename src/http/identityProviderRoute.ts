/**
 * /session/provider sends a browser to the identity provider, and /session/callback is where it comes back. Between the
 * two, the browser keeps a cookie, so that any process can finish the sign-in, and only in the browser that began it.
 */
import { parseCookie } from 'cookie';
import { Router } from 'express';
import type { CookieOptions, Request, Response } from 'express';
import { ServiceError } from '../errors.js';
import type { Services } from '../resolvers/context.js';
import { unauthenticated } from '../tenants/credentialStatus.js';
import type { PendingSignIn } from '../tenants/identityProvider.js';
import { errorHead } from './errorHead.js';
import { requestOrigin } from './requestOrigin.js';
import { cameByHttps, setSessionCookie } from './sessionCookie.js';
import { limitSignIns } from './signInAttempts.js';
import { sendSignInPage } from './signInPage.js';

const CALLBACK = '/session/callback';
const COOKIE = 'defectdiffu-sign-in';
const VALID_MS = 10 * 60_000;
const LONGEST_PATH = 500;

interface Kept extends PendingSignIn {
  /** Of the console: where the person was. */
  readonly path: string;
}

export function serveIdentityProvider({ access, config, rateLimiter, log }: Services): Router {
  const router = Router();
  const provider = access.identityProvider;
  if (provider === undefined) return router;
  const limited = limitSignIns();
  const cookieName = (request: Request): string => `${cameByHttps(request, config) ? '__Host-' : ''}${COOKIE}`;

  // Lax: the browser comes back from another site.
  const attributes = (request: Request): CookieOptions => ({
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: cameByHttps(request, config),
  });

  function fail(response: Response, error: unknown, path = '/'): void {
    if (!(error instanceof ServiceError)) throw error;
    const { status, headers } = errorHead(error);
    log.info({ code: error.code }, 'a sign-in at the identity provider was refused');
    sendSignInPage(response.status(status).set(headers), { text: error.message, path, atOnce: false });
  }

  router.get('/session/provider', async (request, response) => {
    const origin = requestOrigin(request, config);
    const path = consolePath(request.query['path'], origin);
    try {
      const { url, pending } = await provider.begin(`${origin}${CALLBACK}`);
      const kept: Kept = { ...pending, path };
      const value = Buffer.from(JSON.stringify(kept)).toString('base64url');
      response.cookie(cookieName(request), value, { ...attributes(request), maxAge: VALID_MS });
      response.set({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(303, url.href);
    } catch (error) {
      fail(response, error, path);
    }
  });

  router.get(CALLBACK, async (request, response) => {
    const origin = requestOrigin(request, config);
    const kept = readKept(parseCookie(request.headers.cookie ?? '')[cookieName(request)]);
    response.clearCookie(cookieName(request), attributes(request));
    const path = consolePath(kept?.path, origin);
    try {
      const { identity, name } = await limited(request, async () => {
        if (kept === undefined) throw unauthenticated('This sign-in has expired or was begun in another browser.');
        return provider.finish(new URL(request.originalUrl, origin), kept);
      });
      await rateLimiter.consume(identity.tenantId);
      setSessionCookie(request, response, await access.consoleSessions.start(identity, name), config);
      sendSignInPage(response, { text: 'You are signed in.', path, atOnce: true });
    } catch (error) {
      fail(response, error, path);
    }
  });
  return router;
}

function readKept(value: string | undefined): Kept | undefined {
  if (value === undefined) return undefined;
  try {
    const kept = JSON.parse(Buffer.from(value, 'base64url').toString()) as Partial<Record<keyof Kept, unknown>> | null;
    const { state, nonce, verifier, path } = kept ?? {};
    if (typeof state !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return undefined;
    return { state, nonce, verifier, path: typeof path === 'string' ? path : '/' };
  } catch {
    return undefined;
  }
}

/** Never another site's address, whatever the link says. */
function consolePath(given: unknown, origin: string): string {
  if (typeof given !== 'string' || given.length > LONGEST_PATH || !URL.canParse(given, origin)) return '/';
  const url = new URL(given, origin);
  const path = `${url.pathname}${url.search}`;
  return url.origin === origin && !path.startsWith('//') ? path : '/';
}
