/** The HTTP status and headers for a refused caller. */
import type { ServiceError } from '../errors.js';
import { statusOf } from './errorStatus.js';

export interface ErrorHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export function errorHead({ code, message, extensions }: ServiceError): ErrorHead {
  if (code === 'FORBIDDEN' || code === 'DOCUMENT_NOT_REGISTERED') return { status: 403, headers: {} };
  const head = statusOf({ message, extensions });
  if (head === undefined) return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
  return { status: head.status, headers: head.retryAfter === undefined ? {} : { 'retry-after': head.retryAfter } };
}
