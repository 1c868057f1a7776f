/** PGlite under a directory, which it does not guard: `lock.ts` must hold it first. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import type { Database, Seen, Storage } from './database.js';
import { loggerOf } from './database.js';

/**
 * PGlite computes on this thread, and its promises settle without ever leaving the microtask queue: a transaction of ten
 * statements would hold the event loop from its first to its last. Here the loop turns before each message.
 */
class TurningPGlite extends PGlite {
  override async execProtocolRaw(...args: Parameters<PGlite['execProtocolRaw']>): Promise<Uint8Array> {
    await turnOfTheLoop();
    return super.execProtocolRaw(...args);
  }
}

export async function openPglite(directory: string, seen?: Seen): Promise<Storage> {
  const client = new TurningPGlite({ dataDir: directory });
  await client.waitReady;
  return {
    database: drizzle({ client, logger: loggerOf(seen) }) as unknown as Database,
    exclusive: true,
    walled: false,
    listen: (channel, heard) => client.listen(channel, heard),
    close: () => client.close(),
  };
}
