/** A secret that belongs to a data directory. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const SECRET_BYTES = 32;

/** Creates the secret at the first start. The caller holds the lock of the directory. */
export function readOrCreateSecret(file: string): Uint8Array {
  const secret = existsSync(file) ? readFileSync(file) : undefined;
  if (secret?.length === SECRET_BYTES) return secret;
  writeFileSync(`${file}.new`, randomBytes(SECRET_BYTES), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return readFileSync(file);
}
