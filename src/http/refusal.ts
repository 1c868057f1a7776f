/** What HTTP says of a caller that is not let in. */
import type { ServiceError } from '../errors.js';
import { headOf } from './statuses.js';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export function refusalOf({ code, message, extensions }: ServiceError): Refusal {
  if (code === 'FORBIDDEN') return { status: 403, headers: {} };
  const head = headOf({ message, extensions });
  if (head === undefined) return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
  return { status: head.status, headers: head.retryAfter === undefined ? {} : { 'retry-after': head.retryAfter } };
}
