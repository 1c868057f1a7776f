/** GET /artifacts/<tenant>/<key>: the signature in the URL is the permission. */
import type { Request, RequestHandler, Response } from 'express';
import type { UrlSigner, Verdict } from '../artifacts/signing.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact } from '../artifacts/store.js';
import { learn } from '../observability/facts.js';

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
  return async (request, response) => {
    const { tenant, key } = request.params;
    const { expires, signature } = request.query;
    const verdict = signer.verify(tenant, key, expires, signature);
    if (verdict !== 'VALID') return refuse(response, REFUSALS[verdict]);
    learn({ tenant });
    const file = await store.local(tenant, key).catch((error: unknown) => {
      if (error instanceof MissingArtifact) return undefined;
      throw error;
    });
    if (file === undefined) return refuse(response, GONE);
    response.set({
      'content-type': 'image/png',
      'content-disposition': `inline; filename="${key}"`,
      'x-content-type-options': 'nosniff',
      // The content behind a key never changes, but the permission ends with the URL.
      'cache-control': `private, immutable, max-age=${String(secondsLeft(expires))}`,
    });
    await new Promise<void>((resolve, reject) => {
      response.sendFile(file, { cacheControl: false, dotfiles: 'allow' }, (error?: Error) => {
        if (error === undefined || response.headersSent || isGone(request)) return resolve();
        response.removeHeader('cache-control');
        response.removeHeader('content-type');
        reject(error);
      });
    });
  };
}

const GONE = { status: 404, code: 'NOT_FOUND', message: 'This artifact was deleted.' };

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
