/**
 * Signed URLs: /<folder>/<tenant>/<name>?expires=<unix seconds>&caller=<id of an API key>&signature=<HMAC-SHA256>.
 * Whoever has the URL of an artifact can read that artifact, and whoever has the URL of an upload can send that file,
 * until the URL expires. A URL also stops working when the key that requested it, or its tenant, becomes invalid
 * (tenants/credentialStatus.ts). A URL that was requested with a token has no caller and depends on the tenant only.
 * Expiry is rounded up, so that a caller gets the same URL for a while and caches work.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedPath {
  readonly path: string;
  readonly expiresAt: Date;
}

export type SignatureCheck = 'VALID' | 'EXPIRED' | 'INVALID';

/** The requester of a URL. An `Identity` is one. */
export interface UrlOwner {
  readonly tenantId: string;
  readonly keyId: string | undefined;
}

/** The query of an incoming URL, before or after validation. */
export interface SignedQuery {
  readonly expires?: unknown;
  readonly caller?: unknown;
  readonly signature?: unknown;
}

export interface UrlSigner {
  sign(caller: UrlOwner, name: string, now?: Date): SignedPath;
  verify(tenantId: string, name: string, query: SignedQuery, now?: Date): SignatureCheck;
}

/** A signature for one folder is not valid for another. */
export type SignedFolder = 'artifacts' | 'uploads';

export function createUrlSigner(
  secret: Uint8Array,
  lifetimeSeconds: number,
  folder: SignedFolder = 'artifacts',
): UrlSigner {
  const key = keyOf(secret, folder);
  const grain = urlRotationSeconds(lifetimeSeconds);
  const signature = (tenantId: string, name: string, expires: number, caller: string | undefined): string =>
    createHmac('sha256', key)
      .update([tenantId, name, String(expires), ...(caller === undefined ? [] : [caller])].join('\n'))
      .digest('base64url');

  return {
    sign({ tenantId, keyId }, name, now = new Date()) {
      const expires = Math.ceil((now.getTime() / 1000 + lifetimeSeconds) / grain) * grain;
      return {
        path: `/${folder}/${tenantId}/${name}?${new URLSearchParams({
          expires: String(expires),
          ...(keyId === undefined ? {} : { caller: keyId }),
          signature: signature(tenantId, name, expires, keyId),
        }).toString()}`,
        expiresAt: new Date(expires * 1000),
      };
    },
    verify(tenantId, name, { expires, caller, signature: given }, now = new Date()) {
      if (caller !== undefined && (typeof caller !== 'string' || !/^[0-9a-f-]{36}$/.test(caller))) return 'INVALID';
      if (typeof given !== 'string' || typeof expires !== 'string' || !/^\d{1,12}$/.test(expires)) return 'INVALID';
      if (!equal(given, signature(tenantId, name, Number(expires), caller))) return 'INVALID';
      return Number(expires) * 1000 > now.getTime() ? 'VALID' : 'EXPIRED';
    },
  };
}

/** Artifacts use the secret itself, as before other folders existed. */
function keyOf(secret: Uint8Array, folder: SignedFolder): Uint8Array {
  return folder === 'artifacts' ? secret : createHmac('sha256', secret).update(folder).digest();
}

/** For how many seconds every answer contains the same URL. */
export function urlRotationSeconds(lifetimeSeconds: number): number {
  return Math.max(1, Math.floor(lifetimeSeconds / 12));
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
