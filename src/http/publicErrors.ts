/**
 * Errors as every transport sends them. Errors of the service and of GraphQL pass. Any other error is a fault: it is
 * logged under a reference, and the caller gets only the reference.
 */
import { randomUUID } from 'node:crypto';
import type { GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import { StoreUnavailable } from '../artifacts/store.js';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import { isDatabaseUnavailable } from '../storage/databaseErrors.js';

const RETRY_AFTER_MS = 5_000;

/** @param usual the code for a GraphQL error without one; it depends on the stage in which the error occurred */
export function toPublicError(
  error: unknown,
  formatted: GraphQLFormattedError,
  log: Log,
  usual = 'BAD_USER_INPUT',
): GraphQLFormattedError {
  const cause = causeOf(error);
  if (cause instanceof ServiceError || cause instanceof GraphQLError) {
    // The cause's own code goes first, because Apollo gives all validation errors the same code.
    const code = cause.extensions['code'] ?? codeOfApollo(formatted) ?? usual;
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
    message: `Something went wrong in the service. Its log has the details under reference ${reference}.`,
    extensions: { code: 'INTERNAL_SERVER_ERROR', reference },
  };
}

/**
 * Apollo takes every execution error without a code for a fault of the service. One without a path is not: graphql-js gave up
 * on variables with too many errors.
 */
function codeOfApollo({ extensions, path }: GraphQLFormattedError): unknown {
  const code = extensions?.['code'];
  return code === 'INTERNAL_SERVER_ERROR' && path === undefined ? undefined : code;
}

/** A dependency that cannot be reached now. The operation had no effect or its full effect, so a retry is safe. */
export function unavailableDependency(cause: unknown): ServiceError | undefined {
  const [code, what] = isDatabaseUnavailable(cause)
    ? (['DATABASE_UNAVAILABLE', 'database'] as const)
    : cause instanceof StoreUnavailable
      ? (['STORE_UNAVAILABLE', 'artifact store'] as const)
      : [];
  if (code === undefined) return undefined;
  const message = `The ${what} of the service cannot be reached or has no space; try again later, with the same idempotencyKey.`;
  return new ServiceError(code, message, { retryAfterMs: RETRY_AFTER_MS });
}

/** Whether the error is the service's fault and not the caller's. */
export function isServerFault(error: unknown): boolean {
  const cause = causeOf(error);
  return !(cause instanceof ServiceError || cause instanceof GraphQLError);
}

/** The thrown error, without the wrappers in which graphql-js records the location. */
function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? causeOf(error.originalError) : error;
}
