/** Opens the configured database and migrates it. */
import type { OnStatement, Storage } from './database.js';
import { migrate } from './migrations.js';
import { openPglite } from './pglite.js';
import { openPostgres } from './postgres.js';

export interface StorageListeners {
  readonly onStatement?: OnStatement;
  /** Called when a connection breaks. The pool replaces the connection. */
  readonly onConnectionError?: (error: Error) => void;
}

/** @param location a directory for PGlite, or a URL that begins with `postgres://` or `postgresql://`. */
export async function openStorage(
  location: string,
  { onStatement, onConnectionError = () => undefined }: StorageListeners = {},
): Promise<Storage> {
  const storage = isPostgres(location)
    ? await openPostgres(location, onConnectionError, onStatement)
    : await openPglite(location, onStatement);
  try {
    await migrate(storage.database);
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function isPostgres(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}
