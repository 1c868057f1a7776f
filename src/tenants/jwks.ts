/**
 * The public keys of a token issuer, from a URL or a file. They are cached. An unknown key id makes them be read again,
 * so that an issuer can rotate its keys without a restart; a cooldown keeps a flood of invented ids from causing reads.
 * While the issuer does not answer, the cached keys remain valid.
 */
import { readFile, stat } from 'node:fs/promises';
import type { FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters, LocalJWKSet } from 'jose';
import { createLocalJWKSet, errors } from 'jose';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';

const FETCH_MS = 5_000;
const MAX_BYTES = 1024 * 1024;
/** Keys are also read again after this time, because the issuer may have withdrawn one. */
const FRESH_MS = 10 * 60_000;
const COOLDOWN_MS = 5_000;

export type Jwks = (header: JWSHeaderParameters, token: FlattenedJWSInput) => ReturnType<LocalJWKSet>;

export function createJwks(source: URL, log: Log): Jwks {
  let keys: LocalJWKSet | undefined;
  let readAt = -Infinity;
  let triedAt = -Infinity;
  let version = '';
  let reading: Promise<void> | undefined;

  /** At most one read at a time, and none before the cooldown has passed. */
  function refresh(): Promise<void> {
    if (reading !== undefined) return reading;
    if (performance.now() - triedAt < COOLDOWN_MS) return Promise.resolve();
    triedAt = performance.now();
    reading = load(source)
      .then((set) => {
        keys = createLocalJWKSet(set);
        readAt = performance.now();
      })
      .catch((error: unknown) => log.warn({ err: error, source: source.href }, 'token keys could not be read'))
      .finally(() => (reading = undefined));
    return reading;
  }

  /** A file changes its modification time, size, or inode. */
  async function changed(): Promise<boolean> {
    if (source.protocol !== 'file:') return performance.now() - readAt > FRESH_MS;
    const found = await stat(source).catch(() => undefined);
    const now = found === undefined ? version : `${String(found.mtimeMs)} ${String(found.size)} ${String(found.ino)}`;
    if (now === version) return keys === undefined;
    version = now;
    triedAt = -Infinity;
    return true;
  }

  return async (header, token) => {
    if (await changed()) {
      // A slow issuer delays nobody while there are keys.
      const renewed = refresh();
      if (keys === undefined || source.protocol === 'file:') await renewed;
    }
    if (keys === undefined) {
      const message = 'Tokens cannot be checked now: the keys of their issuer cannot be read. Try again soon.';
      throw new ServiceError('AUTH_UNAVAILABLE', message, { retryAfterMs: COOLDOWN_MS });
    }
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const before = keys;
      await refresh();
      if (keys === before) throw error;
      return keys(header, token);
    }
  };
}

async function load(source: URL): Promise<JSONWebKeySet> {
  return JSON.parse(
    source.protocol === 'file:' ? await readFile(source, 'utf8') : await download(source),
  ) as JSONWebKeySet;
}

async function download(source: URL): Promise<string> {
  const response = await fetch(source, {
    signal: AbortSignal.timeout(FETCH_MS),
    redirect: 'error',
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!response.ok || response.body === null) throw new Error(`it answered ${String(response.status)}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`it is longer than ${String(MAX_BYTES)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
