/**
 * What leaves the service as an error, over every transport. Our own errors and GraphQL's pass; anything else is
 * a fault: it is logged under a reference, and the caller gets the reference alone.
 */
import { randomUUID } from 'node:crypto';
import type { GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import { StoreUnavailable } from '../artifacts/store.js';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import { isDatabaseUnavailable } from '../storage/databaseErrors.js';

const RETRY_AFTER_MS = 5_000;

/** @param usual the code of an error of GraphQL's own that has none: what went wrong follows from when it did. */
export function toPublicError(
  error: unknown,
  formatted: GraphQLFormattedError,
  log: Log,
  usual = 'BAD_USER_INPUT',
): GraphQLFormattedError {
  const cause = causeOf(error);
  if (cause instanceof ServiceError || cause instanceof GraphQLError) {
    // The cause's own code goes first: Apollo gives every error of validation the same one.
    const code = cause.extensions['code'] ?? formatted.extensions?.['code'] ?? usual;
    return { ...formatted, extensions: { ...formatted.extensions, code } };
  }
  const away = unavailableDependency(cause);
  if (away !== undefined) {
    log.warn({ err: cause, path: formatted.path }, 'request failed');
    return { ...formatted, message: away.message, extensions: away.extensions };
  }
  const reference = randomUUID();
  log.error({ err: cause, reference, path: formatted.path }, 'request failed');
  return {
    ...formatted,
    message: `Something went wrong in the service. Its log says what, under reference ${reference}.`,
    extensions: { code: 'INTERNAL_SERVER_ERROR', reference },
  };
}

/** What the service leans on and cannot reach now. Nothing was done, or all of it: it is safe to ask again. */
export function unavailableDependency(cause: unknown): ServiceError | undefined {
  const [code, what] = isDatabaseUnavailable(cause)
    ? (['DATABASE_UNAVAILABLE', 'database'] as const)
    : cause instanceof StoreUnavailable
      ? (['STORE_UNAVAILABLE', 'store of artifacts'] as const)
      : [];
  if (code === undefined) return undefined;
  const message = `The ${what} of the service cannot be reached or has no room; try again later, with the same idempotencyKey.`;
  return new ServiceError(code, message, { retryAfterMs: RETRY_AFTER_MS });
}

/** Whether it is the service's fault, and not the caller's. */
export function isServerFault(error: unknown): boolean {
  const cause = causeOf(error);
  return !(cause instanceof ServiceError || cause instanceof GraphQLError);
}

/** The error that was thrown, below what graphql-js wraps around it to say where. */
function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? causeOf(error.originalError) : error;
}
