/** Every error code: when a caller gets it, and what `extensions` have beside the code. docs/errors.md is made of this. */
import type { ErrorCode } from './errors.js';

export interface CatalogueEntry {
  readonly when: string;
  /** The names in `extensions`. An error can lack some of them. */
  readonly extensions?: readonly string[];
  /** The HTTP status, if the answer has no data. */
  readonly status?: number;
}

/** Codes that no `ServiceError` has: GraphQL's own, and those of requests that are no operation. */
type ProtocolCode =
  | 'BAD_REQUEST'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'OPERATION_RESOLUTION_FAILURE'
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  | 'INTERNAL_SERVER_ERROR';

const RETRY = 'retryAfterMs';

export const ERROR_CODES: Readonly<Record<ErrorCode | ProtocolCode, CatalogueEntry>> = {
  AUTH_UNAVAILABLE: {
    when: "The keys of the tokens' issuer are not known and cannot be read now.",
    extensions: [RETRY],
    status: 503,
  },
  BAD_REQUEST: { when: 'The HTTP request is no GraphQL request, or not one for this path.', status: 400 },
  BAD_USER_INPUT: {
    when: 'A value is not allowed. Errors about a number out of its range, or the length of a list, have `min`, `max`, and `value`. An import lists all its problems.',
    extensions: ['field', 'min', 'max', 'value', 'problems', 'problemCount'],
  },
  CROSS_SITE_REQUEST: {
    when: 'A request with the session cookie of the console lacks the CSRF token, or comes from a page of another origin.',
    status: 403,
  },
  DATABASE_UNAVAILABLE: { when: 'The database cannot be reached or has no space.', extensions: [RETRY], status: 503 },
  DATA_SET_ARCHIVE_INVALID: {
    when: 'An uploaded file is no zip of photographs in a layout that is read. `problems` lists what is wrong with it, at most 50.',
    extensions: ['field', 'problems', 'problemCount'],
    status: 422,
  },
  DATA_SET_IN_USE: {
    when: 'The data set cannot be deleted while a training that learns from it is not finished.',
    extensions: ['field', 'trainingId'],
  },
  DEFECT_ARCHIVED: { when: 'The defect is archived, so it cannot be drawn.', extensions: ['field'] },
  DEVICE_UNAVAILABLE: { when: 'All devices have been given up.', extensions: [RETRY], status: 503 },
  DOCUMENT_NOT_REGISTERED: {
    when: 'No operation is registered under the id, or the service takes registered operations only.',
    extensions: ['field'],
    status: 403,
  },
  FORBIDDEN: {
    when: 'The role of the caller does not allow the operation, or the token has no role.',
    extensions: ['needed', 'held'],
  },
  GRAPHQL_PARSE_FAILED: { when: 'The operation has a syntax error.', status: 400 },
  GRAPHQL_VALIDATION_FAILED: { when: 'The operation does not fit the schema.', status: 400 },
  IDEMPOTENCY_CONFLICT: {
    when: 'The idempotency key was used with other input.',
    extensions: ['field', 'generationId', 'exportId', 'dataSetId', 'trainingId'],
  },
  IMAGE_ANIMATED: { when: 'An uploaded file has several pages or frames.', extensions: ['field'], status: 422 },
  IMAGE_BIT_DEPTH_UNCLEAR: {
    when: 'An uploaded image has few bits in wider values, so that its range is not clear.',
    extensions: ['field', 'largestValue'],
    status: 422,
  },
  IMAGE_SIZE_OUT_OF_RANGE: {
    when: 'An uploaded image is too large or too small.',
    extensions: ['field', 'width', 'height'],
    status: 422,
  },
  IMAGE_TRANSPARENT: { when: 'An uploaded photograph has transparent pixels.', extensions: ['field'], status: 422 },
  IMAGE_TYPE_UNSUPPORTED: { when: 'An uploaded file is of another type.', extensions: ['field'], status: 415 },
  IMAGE_UNREADABLE: { when: 'An uploaded file is empty or damaged.', extensions: ['field'], status: 422 },
  INTERNAL_SERVER_ERROR: {
    when: 'A fault of the service. Its log has the details under `reference`.',
    extensions: ['reference'],
    status: 500,
  },
  LAST_ADMIN_KEY: { when: 'The last valid key with the role ADMIN cannot be revoked.', extensions: ['field'] },
  MASK_EMPTY: { when: 'An uploaded mask is all black.', extensions: ['field'], status: 422 },
  MASK_FULL: { when: 'An uploaded mask is all white.', extensions: ['field'], status: 422 },
  MASK_NOT_BINARY: {
    when: 'An uploaded mask has other values than 0 and 255.',
    extensions: ['field', 'otherValues'],
    status: 422,
  },
  MASK_SIZE_MISMATCH: {
    when: 'A defective photograph does not have the size of its mask.',
    extensions: ['field', 'width', 'height'],
    status: 422,
  },
  MODEL_ARCHIVE_INVALID: {
    when: 'An uploaded file is no zip of adapter.json and the graph that it names, or is too large.',
    extensions: ['field', 'max', 'value'],
    status: 422,
  },
  MODEL_INVALID: {
    when: 'An uploaded model does not fit its manifest or its bundle. `problems` lists what is wrong.',
    extensions: ['field', 'problems', 'max', 'value'],
    status: 422,
  },
  MODEL_HAS_ALIAS: {
    when: 'A model cannot be deleted while an alias stands for it. Move or delete the alias first.',
    extensions: ['field', 'aliases'],
  },
  MODEL_IN_USE: {
    when: 'A model cannot be deleted while an adapter belongs to it, or a training begins with it.',
    extensions: ['field', 'trainingId'],
  },
  MODEL_NAME_TAKEN: {
    when: 'An uploaded model has the name of a model of the operator or of an alias, or an alias that of a model.',
    extensions: ['field'],
    status: 409,
  },
  MODEL_VERSION_EXISTS: {
    when: 'The tenant has, or had, another model with this name and version, or a training that makes one.',
    extensions: ['field', 'trainingId'],
    status: 409,
  },
  NOT_FOUND: {
    when: 'There is nothing with this id or name, or it belongs to another tenant.',
    extensions: ['field', 'suggestions'],
  },
  NO_TRAINER: {
    when: 'Nobody trains models here: no process with ROLE=trainer is running.',
    extensions: [RETRY],
    status: 503,
  },
  OPERATION_RESOLUTION_FAILURE: { when: 'The document has no operation with the given operationName.', status: 400 },
  PERSISTED_QUERY_NOT_SUPPORTED: { when: 'The request has only the hash of a query.', status: 200 },
  PRODUCT_ARCHIVED: { when: 'The product is archived, so it cannot be drawn.', extensions: ['field'] },
  QUERY_TOO_LARGE: {
    when: 'The operation exceeds a limit of its size.',
    extensions: ['limit', 'allowed', 'field'],
    status: 400,
  },
  QUEUE_FULL: {
    when: 'The queue has no room for the samples, or the tenant has too many unfinished exports.',
    extensions: [RETRY, 'limit'],
    status: 503,
  },
  QUOTA_EXCEEDED: {
    when: 'A quota of the tenant is used up. `asked` is the deprecated name of `requested`.',
    extensions: ['quota', 'limit', 'used', 'requested', 'asked', RETRY],
    status: 429,
  },
  RATE_LIMITED: { when: 'Too many operations in this minute.', extensions: ['limit', RETRY], status: 429 },
  SAMPLE_IN_USE: {
    when: 'The sample cannot be deleted while a data set has it, or while a generation or an export that needs it is not finished.',
    extensions: ['field', 'generationId', 'exportId', 'dataSetId'],
  },
  SIGNATURE_INVALID: { when: 'A URL was changed or not made by this service.', status: 403 },
  STORE_UNAVAILABLE: {
    when: 'The artifact store cannot be reached or has no space.',
    extensions: [RETRY],
    status: 503,
  },
  TOO_MANY_DATA_SETS: {
    when: 'The tenant has as many data sets as it may.',
    extensions: ['field', 'limit'],
    status: 422,
  },
  TOO_MANY_MODELS: { when: 'The tenant has as many models as it may.', extensions: ['field', 'limit'], status: 422 },
  TOO_MANY_SESSIONS: {
    when: 'The tenant has too many WebSockets and event streams open in this process. A WebSocket is closed with 1013.',
    extensions: ['limit', RETRY],
    status: 429,
  },
  TOO_MANY_SUBSCRIPTIONS: { when: 'A connection has too many operations, or a tenant too many streams.', status: 429 },
  TOO_MANY_WEBHOOKS: { when: 'The tenant has as many webhooks as it may.', extensions: ['limit'] },
  TRAINING_HAS_NO_MODEL: {
    when: 'The training has not succeeded, or its model was published, discarded, or deleted by retention.',
    extensions: ['field', 'status'],
  },
  UNAUTHENTICATED: { when: 'The key, token, or session is missing, unknown, revoked, or expired.', status: 401 },
  UNKNOWN_DEFECT: {
    when: 'The catalog has no such defect.',
    extensions: ['field', 'available', 'suggestions'],
  },
  UNKNOWN_MODEL: { when: 'There is no such model.', extensions: ['field', 'available'] },
  UNKNOWN_PRODUCT: {
    when: 'The catalog has no such product.',
    extensions: ['field', 'available', 'suggestions'],
  },
  UNSUPPORTED_PAIR: {
    when: 'The model does not know the product or the defect, so it can only be transplanted.',
    extensions: ['field'],
  },
  UPLOAD_CONFLICT: { when: 'The upload was completed with other bytes.', extensions: ['field'], status: 409 },
  UPLOAD_EXHAUSTED: {
    when: 'The upload got ten files, and none was accepted; create a new one.',
    extensions: ['field', 'limit'],
    status: 410,
  },
  UPLOAD_TOO_LARGE: { when: 'The file is too large.', extensions: ['field', 'maximumBytes'], status: 413 },
  URL_EXPIRED: { when: 'A URL has expired; query it again.', status: 410 },
};

/** Why a generation, an export, or a training ended: the `code` of its `error`. */
export const FAILURE_CODES = {
  DEVICE_LOST: { when: 'Devices died while a sample of the generation ran on them.' },
  EXPORT_FAILED: { when: 'The archive could not be written.' },
  INFERENCE_FAILED: { when: 'The model could not be run.' },
  MODEL_UNAVAILABLE: { when: 'No worker has the model of the request any more.' },
  QUALITY_NOT_REACHED: { when: 'A sample did not reach the bounds of the request in as many draws as allowed.' },
  STORAGE_FAILED: { when: 'Files or rows could not be written.' },
  TOO_MANY_ATTEMPTS: { when: 'Worker after worker was lost with the generation, the export, or the training.' },
  TRAINING_DATA_INVALID: {
    when: 'The photographs of the data set cannot be trained on. The message lists the problems.',
  },
  TRAINING_DIVERGED: { when: 'The loss became no number.' },
  TRAINING_FAILED: { when: 'The training process ended before its time, attempt after attempt.' },
  TRAINING_OUT_OF_TIME: { when: 'The minutes were over before the model could be trained.' },
  TRAINING_REFUSED: { when: 'The training package refuses the request.' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
