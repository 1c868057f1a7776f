/**
 * All processes on a database must have the same secrets. A process with another one would reject what the others
 * issue.
 */
import { createHmac } from 'node:crypto';
import { eq } from './drizzle.js';
import { StartError } from '../errors.js';
import type { Database } from './database.js';
import { sharedSecrets } from './tables.js';

/**
 * @param name the setting, for the message
 * @throws StartError
 */
export async function requireSameSecret(database: Database, name: string, secret: Uint8Array): Promise<void> {
  const fingerprint = createHmac('sha256', secret).update(`fingerprint of ${name}`).digest('hex');
  await database.insert(sharedSecrets).values({ name, fingerprint }).onConflictDoNothing();
  const [row] = await database.select().from(sharedSecrets).where(eq(sharedSecrets.name, name));
  if (row?.fingerprint === fingerprint) return;
  throw new StartError(
    `${name}: is not the value that this database was first used with. Set it to the same value for every process; ` +
      `to change it for all of them, stop them and delete the row "${name}" of the table shared_secret.`,
  );
}
