/** GET /artifacts/<tenant>/<key>, also of thumbnails, for callers that readAuthorization.ts accepts. */
import type { Request, RequestHandler, Response } from 'express';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact, archiveName, contentTypeOf } from '../artifacts/store.js';
import type { Thumbnails } from '../artifacts/thumbnails.js';
import { isThumbnail } from '../artifacts/thumbnails.js';
import { addLogContext } from '../observability/logContext.js';
import type { ErrorCode } from '../errors.js';
import { ServiceError } from '../errors.js';
import type { ReadAuthorizer } from './readAuthorization.js';
import { authorizeRead } from './readAuthorization.js';
import { errorHead } from './errorHead.js';

const STATUS: Partial<Record<ErrorCode, number>> = { SIGNATURE_INVALID: 403, URL_EXPIRED: 410, NOT_FOUND: 404 };

export function serveArtifacts(
  store: ArtifactStore,
  thumbnails: Thumbnails,
  authorizer: ReadAuthorizer,
): RequestHandler<{ tenant: string; key: string }> {
  return async (request, response) => {
    const { tenant, key } = request.params;
    try {
      const seconds = await authorizeRead(request, authorizer);
      addLogContext({ tenant });
      const files = isThumbnail(key) ? thumbnails : store;
      const file = await files.local(tenant, key).catch(throwDeleted);
      response
        .vary('authorization')
        .vary('cookie')
        .set({
          ...headersOf(key),
          // The content behind a key never changes, but the permission ends with the URL.
          'cache-control': seconds > 0 ? `private, immutable, max-age=${String(seconds)}` : 'private, no-cache',
        });
      await new Promise<void>((resolve, reject) => {
        response.sendFile(file, { cacheControl: false, dotfiles: 'allow' }, (error?: Error) => {
          if (error === undefined || response.headersSent || isDisconnected(request)) return resolve();
          for (const name of ['cache-control', 'content-type', 'content-disposition', 'etag'])
            response.removeHeader(name);
          reject(error);
        });
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      sendError(response, error);
    }
  };
}

/**
 * A key always stands for the same bytes, so it is a strong validator: a broken download can continue with If-Range.
 */
function headersOf(key: string): Record<string, string> {
  const isArchive = key.endsWith('.zip');
  return {
    etag: `"${key}"`,
    'content-type': contentTypeOf(key),
    'content-disposition': isArchive ? `attachment; filename="${archiveName(key)}"` : `inline; filename="${key}"`,
  };
}

function throwDeleted(error: unknown): never {
  if (error instanceof MissingArtifact) throw new ServiceError('NOT_FOUND', 'This artifact was deleted.');
  throw error;
}

function isDisconnected(request: Request): boolean {
  return request.destroyed && !request.complete;
}

function sendError(response: Response, error: ServiceError): void {
  const { code, message } = error;
  const known = STATUS[code];
  const { status, headers } = known === undefined ? errorHead(error) : { status: known, headers: {} };
  response
    .status(status)
    .set({ ...headers, 'cache-control': 'no-store' })
    .json({ error: { code, message } });
}
