/** GET /artifacts/<tenant>/<key>: the signature in the URL is the permission. */
import type { Request, RequestHandler, Response } from 'express';
import type { UrlSigner, Verdict } from '../artifacts/signing.js';
import type { ArtifactStore } from '../artifacts/store.js';

const REFUSALS: Record<Exclude<Verdict, 'VALID'>, { status: number; code: string; message: string }> = {
  INVALID: {
    status: 403,
    code: 'SIGNATURE_INVALID',
    message: 'This URL was not made by this service, or was changed.',
  },
  EXPIRED: { status: 410, code: 'URL_EXPIRED', message: 'This URL has expired; query the sample again for a new one.' },
};

export function serveArtifacts(
  store: ArtifactStore,
  signer: UrlSigner,
): RequestHandler<{ tenant: string; key: string }> {
  return (request, response, next) => {
    const { tenant, key } = request.params;
    const { expires, signature } = request.query;
    const verdict = signer.verify(tenant, key, expires, signature);
    if (verdict !== 'VALID') return refuse(response, REFUSALS[verdict]);
    const path = store.pathOf(tenant, key);
    if (path === undefined) return refuse(response, REFUSALS.INVALID);
    response.set({
      ...headersOf(key),
      'x-content-type-options': 'nosniff',
      // The content behind a key never changes, but the permission ends with the URL.
      'cache-control': `private, immutable, max-age=${String(secondsLeft(expires))}`,
    });
    response.sendFile(path, { root: store.root, cacheControl: false, dotfiles: 'deny' }, (error?: Error) => {
      if (error === undefined || response.headersSent || isGone(request)) return;
      response.removeHeader('cache-control');
      for (const name of ['content-type', 'content-disposition', 'etag']) response.removeHeader(name);
      if ((error as { status?: number }).status !== 404) return next(error);
      refuse(response, { status: 404, code: 'NOT_FOUND', message: 'This artifact was deleted.' });
    });
  };
}

/** A key stands for the same bytes for ever, so it is a strong validator: a download that broke off goes on with If-Range. */
function headersOf(key: string): Record<string, string> {
  const etag = `"${key}"`;
  if (!key.endsWith('.zip')) {
    return { etag, 'content-type': 'image/png', 'content-disposition': `inline; filename="${key}"` };
  }
  const name = `defectdiffu-${key.slice(0, 8)}.zip`;
  return { etag, 'content-type': 'application/zip', 'content-disposition': `attachment; filename="${name}"` };
}

function secondsLeft(expires: unknown): number {
  return Math.max(0, Math.floor(Number(expires) - Date.now() / 1000));
}

function isGone(request: Request): boolean {
  return request.destroyed && !request.complete;
}

function refuse(
  response: Response,
  { status, code, message }: { status: number; code: string; message: string },
): void {
  response.status(status).set('cache-control', 'no-store').json({ error: { code, message } });
}
