/** The secret for hashing keys: the configured one, or one that belongs to the data directory. */
import { join } from 'node:path';
import { readOrCreateSecret } from '../storage/secretFile.js';
import type { Config } from '../config.js';

export function readKeyHashSecret({ keyHashSecret, dataDirectory }: Config): Uint8Array {
  return keyHashSecret === undefined
    ? readOrCreateSecret(join(dataDirectory, 'key-secret'))
    : Buffer.from(keyHashSecret);
}
