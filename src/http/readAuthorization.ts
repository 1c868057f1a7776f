/**
 * Who may read an artifact: whoever holds a URL that was signed for it, while the caller it was signed for may stay; and
 * who sends a key or token of the artifact's tenant with an unsigned URL.
 */
import type { Request } from 'express';
import type { SignedQuery, UrlSigner } from '../artifacts/urlSigning.js';
import { ServiceError } from '../errors.js';
import type { AccessControl } from '../tenants/accessControl.js';
import type { Credential } from '../tenants/credentialStatus.js';

export interface ReadAuthorizer {
  readonly signer: UrlSigner;
  readonly access: AccessControl;
}

/** Returns for how many seconds the answer may be kept. Throws `ServiceError`. */
export async function authorizeRead(
  { query, headers, params: { tenant, key } }: Request<{ tenant: string; key: string }>,
  { signer, access }: ReadAuthorizer,
): Promise<number> {
  if (query['signature'] === undefined && headers.authorization !== undefined) {
    const { tenantId } = await access.authenticate(headers.authorization);
    if (tenantId !== tenant) throw new ServiceError('NOT_FOUND', 'There is no such artifact.');
    return 0;
  }
  const check = signer.verify(tenant, key, query);
  if (check === 'INVALID') {
    throw new ServiceError('SIGNATURE_INVALID', 'This URL was not made by this service, or was changed.');
  }
  if (check === 'EXPIRED') {
    throw new ServiceError('URL_EXPIRED', 'This URL has expired; query the sample again for a new one.');
  }
  const end = await access.credentialStatus.rejection(urlCredential(tenant, query));
  if (end !== undefined) throw end;
  return Math.max(0, Math.floor(Number(query['expires']) - Date.now() / 1000));
}

/** For whom a URL was made, whose signature was found to be right. */
export function urlCredential(tenantId: string, { caller }: SignedQuery): Credential {
  return { tenantId, keyId: typeof caller === 'string' ? caller : undefined };
}
