/**
 * `npm run tenants` manages tenants and keys without the API. It works beside a running service only with a database
 * server: the embedded database belongs to one process, and the command then says so and changes nothing.
 */
import { join } from 'node:path';
import type { Config } from '../config.js';
import { readConfig } from '../config.js';
import { StartError } from '../errors.js';
import type { Storage } from '../storage/database.js';
import { openStorage } from '../storage/open.js';
import { lockDirectory } from '../storage/directoryLock.js';
import { requireSameSecret } from '../storage/sharedSecrets.js';
import { createKeyHasher } from '../tenants/keyHash.js';
import { readKeyHashSecret } from '../tenants/keyHashSecret.js';
import { runCommand } from './commands.js';
import { readCommand } from './options.js';

/** Returns what the command prints. Throws a `StartError` or a `ServiceError` whose message says what is wrong. */
export async function runTenantsCli(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const command = readCommand(args);
  const config = readConfig(env);
  const { storage, close } = await open(config);
  try {
    const secret = readKeyHashSecret(config);
    await requireSameSecret(storage.database, 'KEY_HASH_SECRET', secret);
    const lines = await runCommand(command, storage, createKeyHasher(secret), config.limits.tenant);
    return lines.map((line) => `${line}\n`).join('');
  } finally {
    await close();
  }
}

async function open({ databaseUrl, dataDirectory }: Config): Promise<{ storage: Storage; close: () => Promise<void> }> {
  if (databaseUrl !== undefined) {
    const storage = await openStorage(databaseUrl);
    return { storage, close: () => storage.close() };
  }
  const release = await lock(dataDirectory);
  try {
    const storage = await openStorage(join(dataDirectory, 'db'));
    return { storage, close: () => storage.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function lock(directory: string): Promise<() => void> {
  try {
    return await lockDirectory(directory, (message) => process.stderr.write(`${message}\n`));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw new StartError(
      `${error.message}\nOnly one process can open the embedded database. While the service runs, manage the keys of a tenant ` +
        'with the mutations createApiKey and revokeApiKey, using a key with the role ADMIN. To manage tenants, stop the service.',
      { cause: error },
    );
  }
}
