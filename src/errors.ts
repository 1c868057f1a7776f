/**
 * Errors that a caller can act on. Each has a stable code, which the API returns as `extensions.code`. Any other error
 * is a fault of the service and is masked.
 */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNKNOWN_PRODUCT'
  | 'UNKNOWN_DEFECT'
  | 'UNKNOWN_MODEL'
  | 'PRODUCT_ARCHIVED'
  | 'DEFECT_ARCHIVED'
  | 'UNSUPPORTED_PAIR'
  | 'IDEMPOTENCY_CONFLICT'
  | 'QUEUE_FULL'
  | 'QUOTA_EXCEEDED'
  | 'RATE_LIMITED'
  | 'DATABASE_UNAVAILABLE'
  | 'STORE_UNAVAILABLE'
  | 'TOO_MANY_WEBHOOKS'
  | 'DEVICE_UNAVAILABLE'
  | 'NOT_FOUND'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'CROSS_SITE_REQUEST'
  | 'AUTH_UNAVAILABLE'
  | 'LAST_ADMIN_KEY'
  | 'TOO_MANY_SESSIONS'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'QUERY_TOO_LARGE'
  | 'DOCUMENT_NOT_REGISTERED'
  | 'SIGNATURE_INVALID'
  | 'URL_EXPIRED'
  | 'UPLOAD_TOO_LARGE'
  | 'UPLOAD_CONFLICT'
  | 'UPLOAD_EXHAUSTED'
  | 'IMAGE_TYPE_UNSUPPORTED'
  | 'IMAGE_UNREADABLE'
  | 'IMAGE_ANIMATED'
  | 'IMAGE_SIZE_OUT_OF_RANGE'
  | 'IMAGE_TRANSPARENT'
  | 'IMAGE_BIT_DEPTH_UNCLEAR'
  | 'MASK_NOT_BINARY'
  | 'MASK_EMPTY'
  | 'MASK_FULL'
  | 'MASK_SIZE_MISMATCH'
  | 'SAMPLE_IN_USE'
  | 'MODEL_ARCHIVE_INVALID'
  | 'MODEL_INVALID'
  | 'MODEL_HAS_ALIAS'
  | 'MODEL_IN_USE'
  | 'MODEL_NAME_TAKEN'
  | 'MODEL_VERSION_EXISTS'
  | 'NO_TRAINER'
  | 'TRAINING_HAS_NO_MODEL'
  | 'TOO_MANY_MODELS'
  | 'TOO_MANY_DATA_SETS'
  | 'DATA_SET_ARCHIVE_INVALID'
  | 'DATA_SET_IN_USE';

export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  /** graphql-js copies this to the error that it sends. */
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.extensions = { code, ...details };
  }
}

/** The configuration or the environment does not allow a start. The message is printed without a stack trace. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** field: problem`, the form of all validation errors. */
export function badInput(field: string, problem: string): ServiceError {
  return new ServiceError('BAD_USER_INPUT', `${field}: ${problem}`, { field });
}

/** Formats a value for a message: short, and on one line. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Joins names for a message: the first ones, and how many more there are. */
export function joinNames(names: readonly string[], limit = 20): string {
  if (names.length === 0) return 'none';
  const more = names.length - limit;
  return names.slice(0, limit).join(', ') + (more > 0 ? ` and ${String(more)} more` : '');
}
