/**
 * Keys at rest: HMAC-SHA-256 under a secret that is not in the database, so that who reads the database cannot even
 * test a guess. Versions before this one kept a plain SHA-256; such a row is found as well, and replaced when it is used.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface KeyHasher {
  hash(key: string): string;
  /** Both forms in which the key may stand in the database. */
  candidates(key: string): readonly [keyed: string, plain: string];
}

export function createKeyHasher(secret: Uint8Array): KeyHasher {
  const hash = (key: string): string => `hmac:${createHmac('sha256', secret).update(key).digest('hex')}`;
  return { hash, candidates: (key) => [hash(key), plainHash(key)] };
}

export function plainHash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** 192 random bits. */
export function generateApiKey(): string {
  return `dd_${randomBytes(24).toString('base64url')}`;
}

/** Enough to know a key by, far too little to guess the rest; of a key that somebody chose, a quarter at most. */
export function keyPrefix(key: string): string {
  return key.slice(0, /^dd_[\w-]{32}$/.test(key) ? 11 : Math.min(11, Math.floor(key.length / 4)));
}
