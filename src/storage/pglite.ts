/** PGlite under a directory, which it does not guard: `lock.ts` must hold it first. */
import { drizzle } from 'drizzle-orm/pglite';
import type { Database, Seen, Storage } from './database.js';
import { loggerOf } from './database.js';
import { PgliteClient } from './pgliteClient.js';

export async function openPglite(directory: string, seen?: Seen): Promise<Storage> {
  const client = new PgliteClient({ dataDir: directory });
  await client.waitReady;
  return {
    database: drizzle({ client, logger: loggerOf(seen) }) as unknown as Database,
    exclusive: true,
    walled: false,
    listen: (channel, heard) => client.listen(channel, heard),
    close: () => client.close(),
  };
}
