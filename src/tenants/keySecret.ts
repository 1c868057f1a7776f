/** The secret under which keys are hashed: the configured one, or one of this data directory's own. */
import { join } from 'node:path';
import { readSecret } from '../artifacts/signing.js';
import type { Config } from '../config.js';

export function keySecret({ keyHashSecret, dataDirectory }: Config): Uint8Array {
  return keyHashSecret === undefined ? readSecret(join(dataDirectory, 'key-secret')) : Buffer.from(keyHashSecret);
}
