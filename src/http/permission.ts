/**
 * Who may read an artifact: whoever holds a URL that was signed for it, while the caller it was signed for may stay; and
 * who sends a key or token of the artifact's tenant with an unsigned URL.
 */
import type { Request } from 'express';
import type { SignedQuery, UrlSigner } from '../artifacts/signing.js';
import { ServiceError } from '../errors.js';
import type { Access } from '../tenants/access.js';
import type { Caller } from '../tenants/standing.js';

export interface Doorkeeper {
  readonly signer: UrlSigner;
  readonly access: Access;
}

/** Returns for how many seconds the answer may be kept. Throws `ServiceError`. */
export async function mayRead(
  { query, headers, params: { tenant, key } }: Request<{ tenant: string; key: string }>,
  { signer, access }: Doorkeeper,
): Promise<number> {
  if (query['signature'] === undefined && headers.authorization !== undefined) {
    const { tenantId } = await access.authenticate(headers.authorization);
    if (tenantId !== tenant) throw new ServiceError('NOT_FOUND', 'There is no such artifact.');
    return 0;
  }
  const verdict = signer.verify(tenant, key, query);
  if (verdict === 'INVALID') {
    throw new ServiceError('SIGNATURE_INVALID', 'This URL was not made by this service, or was changed.');
  }
  if (verdict === 'EXPIRED') {
    throw new ServiceError('URL_EXPIRED', 'This URL has expired; query the sample again for a new one.');
  }
  const end = await access.standing.end(urlCaller(tenant, query));
  if (end !== undefined) throw end;
  return Math.max(0, Math.floor(Number(query['expires']) - Date.now() / 1000));
}

/** For whom a URL was made, whose signature was found to be right. */
export function urlCaller(tenantId: string, { caller }: SignedQuery): Caller {
  return { tenantId, keyId: typeof caller === 'string' ? caller : undefined };
}
