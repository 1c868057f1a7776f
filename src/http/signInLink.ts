/**
 * The link that the first start prints: it signs in once, soon, as the key that this start generated. The key itself
 * stays in its file, because what the program prints ends in logs.
 */
import type { RequestHandler } from 'express';
import { randomBytes } from 'node:crypto';
import type { Config } from '../config.js';
import type { AccessControl } from '../tenants/accessControl.js';
import type { Identity } from '../tenants/identity.js';
import { sameHash } from '../tenants/keyHash.js';
import { setSessionCookie } from './sessionCookie.js';
import { sendSignInPage } from './signInPage.js';

export interface SignInLink {
  readonly code: string;
  /** The identity, the first time and in time. */
  redeem(code: unknown): Identity | undefined;
}

const VALID_MS = 15 * 60_000;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Undefined where others than this machine could use the link. */
export function createSignInLink({ host, console }: Config, identity: Identity): SignInLink | undefined {
  if (!console.enabled || !LOOPBACK.includes(host)) return undefined;
  const code = randomBytes(24).toString('base64url');
  const until = Date.now() + VALID_MS;
  let used = false;
  return {
    code,
    redeem(given) {
      if (used || typeof given !== 'string' || !sameHash(given, code) || Date.now() > until) return undefined;
      used = true;
      return identity;
    },
  };
}

/** GET /?sign-in=<code>. */
export function redeemSignInLink(link: SignInLink | undefined, access: AccessControl, config: Config): RequestHandler {
  return async (request, response, next) => {
    const { 'sign-in': code } = request.query;
    if (code === undefined) return next();
    const identity = link?.redeem(code);
    if (identity !== undefined)
      setSessionCookie(request, response, await access.consoleSessions.start(identity), config);
    const text = identity === undefined ? 'This link was used or has expired.' : 'You are signed in.';
    sendSignInPage(response, { text, path: '/', atOnce: true });
  };
}
