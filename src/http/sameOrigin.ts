/** Whether a request comes from a page that this service served. Only such requests may use the session cookie. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.js';
import { ServiceError } from '../errors.js';

/** "none" is an address that a person typed. */
const OWN_SITES = ['same-origin', 'none'];

/** @throws ServiceError CROSS_SITE_REQUEST, if the browser says that a page of another origin sent it */
export function requireSameOrigin({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || OWN_SITES.includes(String(site))) return;
  throw new ServiceError('CROSS_SITE_REQUEST', 'A page of another origin cannot use the session of the console.');
}

/** Browsers always send the origin with the upgrade to a WebSocket, to which neither CORS nor CSRF tokens apply. */
export function requireOwnOrigin({ headers }: IncomingMessage, { publicUrl }: Config): void {
  const { origin, host } = headers;
  if (origin !== undefined && (origin === publicUrl || (URL.canParse(origin) && new URL(origin).host === host))) return;
  throw new ServiceError(
    'CROSS_SITE_REQUEST',
    'origin: a WebSocket with the session of the console must come from the origin that serves it.',
  );
}
