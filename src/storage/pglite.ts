/** PGlite in a directory. It does not lock the directory: hold `directoryLock.ts` first. */
import { drizzleOnPglite } from './drizzle.js';
import type { Database, OnStatement, Storage } from './database.js';
import { queryLogger } from './database.js';
import { StartError } from '../errors.js';
import { makeDirectory } from './directoryLock.js';
import { PgliteClient } from './pgliteClient.js';

export async function openPglite(directory: string, onStatement?: OnStatement): Promise<Storage> {
  // PGlite creates its files for everyone, whatever the umask.
  makeDirectory(directory);
  const client = await open(directory);
  return {
    database: drizzleOnPglite({ client, logger: queryLogger(onStatement) }) as unknown as Database,
    exclusive: true,
    hasRowLevelSecurity: false,
    listen: (channel, onNotification) => client.listen(channel, onNotification),
    close: () => client.close(),
  };
}

async function open(directory: string): Promise<PgliteClient> {
  try {
    const client = new PgliteClient({ dataDir: directory });
    await client.waitReady;
    return client;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new StartError(
      `DATA_DIR: the database in ${directory} cannot be opened (${reason}). Restore it from a backup, or set DATA_DIR to another folder.`,
      { cause },
    );
  }
}
