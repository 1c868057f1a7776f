/**
 * The file for a generated API key: readable only by its owner, because what the program prints ends in logs. Only the
 * hash of the key is in the database, so the owner can delete the file after reading it.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function apiKeyFile(dataDirectory: string): string {
  return join(dataDirectory, 'api-key');
}

/** Replaces the file of an earlier key. */
export function writeApiKey(dataDirectory: string, key: string): void {
  const file = apiKeyFile(dataDirectory);
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, `${key}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(`${file}.new`, file);
}

/** After a key of one's own was set, a generated key is not valid any more. */
export function removeApiKey(dataDirectory: string): void {
  rmSync(apiKeyFile(dataDirectory), { force: true });
}
