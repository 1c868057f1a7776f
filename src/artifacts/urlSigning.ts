/**
 * Signed URLs: /<folder>/<tenant>/<name>?expires=<unix seconds>&caller=<id of an API key>&signature=<HMAC-SHA256>. Who
 * holds one of an artifact can read that artifact until it expires, who holds one of an upload can send that
 * upload's file, and nothing else. It also ends with the key that asked for it and with the tenant, which whoever
 * serves it asks of tenants/credentialStatus.ts; one that was given for a token has no caller, and ends with the tenant.
 * Expiry is rounded up, so that within a while a caller always gets the same URL and caches can work.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedPath {
  readonly path: string;
  readonly expiresAt: Date;
}

export type SignatureCheck = 'VALID' | 'EXPIRED' | 'INVALID';

/** Who asks for a URL: an `Identity` is one. */
export interface UrlOwner {
  readonly tenantId: string;
  readonly keyId: string | undefined;
}

/** The query of a URL as it comes in, checked or not. */
export interface SignedQuery {
  readonly expires?: unknown;
  readonly caller?: unknown;
  readonly signature?: unknown;
}

export interface UrlSigner {
  sign(caller: UrlOwner, name: string, now?: Date): SignedPath;
  verify(tenantId: string, name: string, query: SignedQuery, now?: Date): SignatureCheck;
}

/** What the signer of one folder has signed, that of another does not take. */
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

/** Artifacts have the secret itself, as they had before there were other folders. */
function keyOf(secret: Uint8Array, folder: SignedFolder): Uint8Array {
  return folder === 'artifacts' ? secret : createHmac('sha256', secret).update(folder).digest();
}

/** For how many seconds every answer gives the same URL. */
export function urlRotationSeconds(lifetimeSeconds: number): number {
  return Math.max(1, Math.floor(lifetimeSeconds / 12));
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
