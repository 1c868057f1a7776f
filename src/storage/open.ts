/** Opens the database that is meant, and brings it up to date. */
import type { Seen, Storage } from './database.js';
import { migrate } from './migrations.js';
import { openPglite } from './pglite.js';
import { openPostgres } from './postgres.js';

export interface Watching {
  readonly seen?: Seen;
  /** Told when a connection breaks; it is replaced. */
  readonly troubled?: (error: Error) => void;
}

/** @param place a directory for PGlite, or a URL that begins with `postgres://` or `postgresql://`. */
export async function openStorage(
  place: string,
  { seen, troubled = () => undefined }: Watching = {},
): Promise<Storage> {
  const storage = isPostgres(place) ? await openPostgres(place, troubled, seen) : await openPglite(place, seen);
  try {
    await migrate(storage.database);
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function isPostgres(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}
