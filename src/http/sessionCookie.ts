/** The cookie of a console session: out of reach of scripts, and never sent for pages of other sites. */
import { parseCookie } from 'cookie';
import type { CookieOptions, Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.js';
import type { StartedSession } from '../tenants/consoleSessions.js';

const NAME = 'defectdiffu-session';
/** With this prefix, browsers refuse the cookie from anything but this host over https. */
const SECURE_NAME = `__Host-${NAME}`;

export function sessionToken(request: IncomingMessage, config: Config): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  const cookies = parseCookie(cookie);
  // Over https, another host of the same domain could have set the one without the prefix, for a session of its own.
  return cookies[SECURE_NAME] ?? (cameByHttps(request, config) ? undefined : cookies[NAME]);
}

export function setSessionCookie(
  request: Request,
  response: Response,
  { token, expiresAt }: StartedSession,
  config: Config,
): void {
  const secure = cameByHttps(request, config);
  response.cookie(secure ? SECURE_NAME : NAME, token, { ...attributes(secure), expires: expiresAt });
}

export function clearSessionCookie(response: Response): void {
  response.clearCookie(NAME, attributes(false)).clearCookie(SECURE_NAME, attributes(true));
}

function attributes(secure: boolean): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', path: '/', secure };
}

/** The service itself has no certificate: https ends at a proxy. A forged header costs its sender the cookie. */
export function cameByHttps({ headers }: IncomingMessage, { publicUrl }: Config): boolean {
  return publicUrl?.startsWith('https:') === true || headers['x-forwarded-proto'] === 'https';
}
