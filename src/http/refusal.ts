/** What HTTP says of a caller that is not let in. */
import type { ServiceError } from '../errors.js';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export function refusalOf({ code, extensions }: ServiceError): Refusal {
  if (code === 'FORBIDDEN') return { status: 403, headers: {} };
  if (code !== 'AUTH_UNAVAILABLE') return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
  const seconds = Math.ceil(Number(extensions['retryAfterMs']) / 1000);
  return { status: 503, headers: { 'retry-after': String(seconds) } };
}
