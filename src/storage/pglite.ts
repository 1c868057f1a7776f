/** PGlite in a directory. It does not lock the directory: hold `directoryLock.ts` first. */
import { drizzle } from 'drizzle-orm/pglite';
import type { Database, OnStatement, Storage } from './database.js';
import { queryLogger } from './database.js';
import { PgliteClient } from './pgliteClient.js';

export async function openPglite(directory: string, onStatement?: OnStatement): Promise<Storage> {
  const client = new PgliteClient({ dataDir: directory });
  await client.waitReady;
  return {
    database: drizzle({ client, logger: queryLogger(onStatement) }) as unknown as Database,
    exclusive: true,
    hasRowLevelSecurity: false,
    listen: (channel, onNotification) => client.listen(channel, onNotification),
    close: () => client.close(),
  };
}
