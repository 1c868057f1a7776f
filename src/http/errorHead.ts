/** The HTTP status and headers for a refused caller. */
import type { ErrorCode, ServiceError } from '../errors.js';
import { statusOf } from './errorStatus.js';

export interface ErrorHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  FORBIDDEN: 403,
  CROSS_SITE_REQUEST: 403,
  DOCUMENT_NOT_REGISTERED: 403,
};

export function errorHead({ code, message, extensions }: ServiceError): ErrorHead {
  const status = STATUS[code];
  if (status !== undefined) return { status, headers: {} };
  const head = statusOf({ message, extensions });
  if (head === undefined) return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
  return { status: head.status, headers: head.retryAfter === undefined ? {} : { 'retry-after': head.retryAfter } };
}
