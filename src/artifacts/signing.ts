/**
 * Artifact URLs: /artifacts/<tenant>/<key>?expires=<unix seconds>&signature=<HMAC-SHA256>. Who holds one can
 * read that artifact until it expires, and nothing else. Expiry is rounded up, so that within a while every
 * answer gives the same URL and caches can work.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const SECRET_BYTES = 32;

export interface SignedPath {
  readonly path: string;
  readonly expiresAt: Date;
}

export type Verdict = 'VALID' | 'EXPIRED' | 'INVALID';

export interface UrlSigner {
  sign(tenantId: string, key: string, now?: Date): SignedPath;
  verify(tenantId: string, key: string, expires: unknown, signature: unknown, now?: Date): Verdict;
}

export function createSigner(secret: Uint8Array, lifetimeSeconds: number): UrlSigner {
  const grain = Math.max(1, Math.floor(lifetimeSeconds / 12));
  const signature = (tenantId: string, key: string, expires: number): string =>
    createHmac('sha256', secret)
      .update(`${tenantId}\n${key}\n${String(expires)}`)
      .digest('base64url');

  return {
    sign(tenantId, key, now = new Date()) {
      const expires = Math.ceil((now.getTime() / 1000 + lifetimeSeconds) / grain) * grain;
      return {
        path: `/artifacts/${tenantId}/${key}?expires=${String(expires)}&signature=${signature(tenantId, key, expires)}`,
        expiresAt: new Date(expires * 1000),
      };
    },
    verify(tenantId, key, expires, given, now = new Date()) {
      if (typeof given !== 'string' || typeof expires !== 'string' || !/^\d{1,12}$/.test(expires)) return 'INVALID';
      if (!equal(given, signature(tenantId, key, Number(expires)))) return 'INVALID';
      return Number(expires) * 1000 > now.getTime() ? 'VALID' : 'EXPIRED';
    },
  };
}

/** Made at the first start, so that URLs outlive a restart. The caller holds the directory's lock. */
export function readSecret(file: string): Uint8Array {
  const secret = existsSync(file) ? readFileSync(file) : undefined;
  if (secret?.length === SECRET_BYTES) return secret;
  writeFileSync(`${file}.new`, randomBytes(SECRET_BYTES), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return readFileSync(file);
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
