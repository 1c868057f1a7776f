/** PUT /uploads/<tenant>/<id>. The signature in the URL is the permission; the body is the bytes of the file. */
import type { Request, RequestHandler, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import type { UrlSigner, SignatureCheck } from '../artifacts/urlSigning.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { Limits } from '../config.js';
import type { ErrorCode } from '../errors.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { requireStorage, reserveStorage } from '../tenants/quotas.js';
import type { Log } from '../log.js';
import { addLogContext } from '../observability/logContext.js';
import { completeDataSetUpload } from '../dataSets/archive/completeDataSetUpload.js';
import { dataSetsOf } from '../dataSets/dataSetRepository.js';
import { completeModelUpload } from '../models/completeModelUpload.js';
import { modelsOf } from '../models/modelRepository.js';
import type { Body } from '../references/completeUpload.js';
import { completeUpload } from '../references/completeUpload.js';
import { masksOf } from '../references/masks.js';
import { referencesOf } from '../references/references.js';
import type { FairSemaphore } from '../fairSemaphore.js';
import { createFairSemaphore } from '../fairSemaphore.js';
import { maximumBytes, uploadsOf } from '../references/uploads.js';
import type { Database } from '../storage/database.js';
import type { UploadRow } from '../storage/tables.js';
import type { CredentialStatus } from '../tenants/credentialStatus.js';
import type { RateLimiter } from '../tenants/rateLimiter.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { forTenant } from '../storage/tenantScope.js';
import { receiveBody } from './receiveBody.js';
import { toPublicError } from './publicErrors.js';
import { urlCredential } from './readAuthorization.js';
import { statusOf } from './errorStatus.js';

/** Files of one tenant that are received or decoded at a time; the others wait, unread. */
const RECEIVING = { total: Infinity, perTenant: 8, waitingPerTenant: 100, what: 'uploads' };
/** Archives, which are large and take long. Another one of the tenant waits, unread. */
const IMPORTING = { total: Infinity, perTenant: 1, waitingPerTenant: 1, what: 'archives' };
/** How long a refused client may go on sending before it reads the answer. */
const LINGER_MS = 5_000;

/** Errors about the content of the file are 422. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  SIGNATURE_INVALID: 403,
  URL_EXPIRED: 410,
  UPLOAD_EXHAUSTED: 410,
  NOT_FOUND: 404,
  UPLOAD_CONFLICT: 409,
  MODEL_NAME_TAKEN: 409,
  MODEL_VERSION_EXISTS: 409,
  UPLOAD_TOO_LARGE: 413,
  IMAGE_TYPE_UNSUPPORTED: 415,
};

export interface UploadRouteOptions {
  readonly database: Database;
  readonly credentialStatus: CredentialStatus;
  readonly signer: UrlSigner;
  readonly store: ArtifactStore;
  readonly limits: Limits;
  /** Those of the operator. */
  readonly models: ModelRegistry;
  readonly decoding: FairSemaphore;
  /** An upload counts as one operation. */
  readonly rateLimiter: RateLimiter;
  readonly log: Log;
}

export function acceptUploads(options: UploadRouteOptions): RequestHandler<{ tenant: string; id: string }> {
  const { database, credentialStatus, signer, store, limits, models, decoding, log } = options;
  const receiving = createFairSemaphore(RECEIVING);
  const importing = createFairSemaphore(IMPORTING);
  const takeBytes = (tx: TenantScope, bytes: number): Promise<void> => reserveStorage(tx, limits.tenant, bytes);

  async function accept(request: Request<{ tenant: string; id: string }>): Promise<object> {
    const { tenant, id } = request.params;
    requireValid(signer.verify(tenant, id, request.query));
    addLogContext({ tenant });
    const end = await credentialStatus.rejection(urlCredential(tenant, request.query));
    if (end !== undefined) throw end;
    await options.rateLimiter.consume(tenant);
    const scope = forTenant(database, tenant);
    const { purpose } = await uploadsOf(scope).require(id);
    const slots = purpose === 'DATA_SET' ? importing : receiving;
    return slots.run(tenant, 1, () => receive(request, scope, purpose));
  }

  async function receive(
    request: Request<{ tenant: string; id: string }>,
    scope: TenantScope,
    purpose: UploadRow['purpose'],
  ): Promise<object> {
    const { id } = request.params;
    await requireStorage(scope, limits.tenant);
    requireWhole(request);
    const body = await receiveBody(request, store.temporary, maximumBytes(purpose, limits));
    try {
      return await responseBody(scope, await complete(scope, purpose, id, body));
    } finally {
      await body.remove();
    }
  }

  function complete(scope: TenantScope, purpose: UploadRow['purpose'], id: string, body: Body): Promise<UploadRow> {
    const context = { scope, store, decoding, requireStorage: takeBytes };
    if (purpose === 'DATA_SET') return completeDataSetUpload({ ...context, limits }, id, body);
    if (purpose !== 'MODEL') return completeUpload(context, id, body);
    const { modelsPerTenant, maximumModelBytes } = limits;
    return completeModelUpload({ ...context, models, modelsPerTenant, maximumModelBytes }, id, body);
  }

  return async (request, response) => {
    response.set('cache-control', 'no-store');
    try {
      response.status(201).json(await accept(request));
    } catch (error) {
      const hungUp = request.destroyed && !request.complete;
      if (!hungUp) sendError(request, response, error as Error, log);
    }
  };
}

/** A part of a file is no file (RFC 9110, section 14.5). */
function requireWhole({ headers }: Request): void {
  const range = headers['content-range'];
  if (range !== undefined)
    throw badInput(
      'content-range',
      `${quote(range)} is a part of a file; send the whole file in one PUT, without this header`,
    );
}

function requireValid(check: SignatureCheck): void {
  if (check === 'VALID') return;
  throw check === 'EXPIRED'
    ? new ServiceError('URL_EXPIRED', 'This URL has expired; query the upload again for a new one.')
    : new ServiceError('SIGNATURE_INVALID', 'This URL was not created by this service, or it was changed.');
}

async function responseBody(
  scope: TenantScope,
  { referenceId, maskId, modelId, dataSetId }: UploadRow,
): Promise<object> {
  if (dataSetId !== null) {
    const [dataSet] = await dataSetsOf(scope).byIds([dataSetId]);
    return { dataSet: { id: dataSetId, name: dataSet?.name, version: dataSet?.version } };
  }
  if (modelId !== null) {
    const model = await modelsOf(scope).byId(modelId);
    return { model: { id: `${model?.name ?? ''}@${model?.version ?? ''}` } };
  }
  if (referenceId !== null) {
    const { id, width, height } = await referencesOf(scope).require(referenceId);
    return { reference: { id, width, height } };
  }
  const { id, width, height, areaFraction } = await masksOf(scope).require(maskId ?? '');
  return { mask: { id, width, height, areaFraction } };
}

/**
 * Answers in the error format of GraphQL. The rest of the body is read and discarded, or the client would not see the
 * answer.
 */
function sendError(request: IncomingMessage, response: Response, error: Error, log: Log): void {
  const extensions = error instanceof ServiceError ? error.extensions : {};
  const reported = toPublicError(error, { message: error.message, extensions }, log);
  const usual = error instanceof ServiceError ? (STATUS[error.code] ?? 422) : 500;
  const { status = usual, retryAfter } = statusOf(reported) ?? {};
  if (retryAfter !== undefined) response.set('retry-after', retryAfter);
  response.status(status).json({ errors: [reported] });
  if (request.complete) return;
  request.resume();
  setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref();
}
