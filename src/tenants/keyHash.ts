/**
 * Keys at rest: HMAC-SHA-256 under a secret that is not in the database, so that a reader of the database cannot verify
 * guesses. Early versions stored a plain SHA-256. Such a row is still found, and rewritten when it is used.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface KeyHasher {
  hash(key: string): string;
  /** Both forms in which the database can hold the key. */
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

/** Enough to recognize a key, and far too little to guess the rest. At most a quarter of a key that a person chose. */
export function keyPrefix(key: string): string {
  return key.slice(0, /^dd_[\w-]{32}$/.test(key) ? 11 : Math.min(11, Math.floor(key.length / 4)));
}
