/** The secret under which keys are hashed: the configured one, or one of this data directory's own. */
import { join } from 'node:path';
import { readOrCreateSecret } from '../storage/secretFile.js';
import type { Config } from '../config.js';

export function readKeyHashSecret({ keyHashSecret, dataDirectory }: Config): Uint8Array {
  return keyHashSecret === undefined
    ? readOrCreateSecret(join(dataDirectory, 'key-secret'))
    : Buffer.from(keyHashSecret);
}
