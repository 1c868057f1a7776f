/**
 * Who may read an artifact: whoever has a URL that was signed for it, while the credential that requested the URL is
 * valid; and whoever sends a key, token, or session of the artifact's tenant with an unsigned URL.
 */
import type { Request } from 'express';
import type { SignedQuery, UrlSigner } from '../artifacts/urlSigning.js';
import { ServiceError } from '../errors.js';
import type { AccessControl } from '../tenants/accessControl.js';
import type { Credential } from '../tenants/credentialStatus.js';
import type { Callers } from './callers.js';

export interface ReadAuthorizer {
  readonly signer: UrlSigner;
  readonly access: AccessControl;
  readonly callers: Callers;
}

/** Returns how many seconds the response may be cached. Throws `ServiceError`. */
export async function authorizeRead(
  request: Request<{ tenant: string; key: string }>,
  { signer, access, callers }: ReadAuthorizer,
): Promise<number> {
  const { query } = request;
  const { tenant, key } = request.params;
  if (query['signature'] === undefined && callers.hasCredential(request)) {
    const { tenantId } = await callers.identify(request);
    if (tenantId !== tenant) throw new ServiceError('NOT_FOUND', 'There is no such artifact.');
    return 0;
  }
  const check = signer.verify(tenant, key, query);
  if (check === 'INVALID') {
    throw new ServiceError('SIGNATURE_INVALID', 'This URL was not created by this service, or it was changed.');
  }
  if (check === 'EXPIRED') {
    throw new ServiceError('URL_EXPIRED', 'This URL has expired; query the sample again for a new one.');
  }
  const end = await access.credentialStatus.rejection(urlCredential(tenant, query));
  if (end !== undefined) throw end;
  return Math.max(0, Math.floor(Number(query['expires']) - Date.now() / 1000));
}

/** The credential that requested a URL. The signature must have been verified. */
export function urlCredential(tenantId: string, { caller }: SignedQuery): Credential {
  return { tenantId, keyId: typeof caller === 'string' ? caller : undefined };
}
