/** The folders of trainings on this machine. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../storage/database.js';
import { inArray } from '../../storage/drizzle.js';
import { isId } from '../../storage/identifiers.js';
import { trainings } from '../../storage/tables.js';

/** Removes those of trainings that ended, were canceled, or were deleted with their tenant. */
export async function removeFoldersOfEnded(database: Database, directory: string): Promise<void> {
  const ids = (await readdir(directory)).filter(isId);
  if (ids.length === 0) return;
  const found = await database
    .select({ id: trainings.id, status: trainings.status })
    .from(trainings)
    .where(inArray(trainings.id, ids));
  const open = new Set(found.filter(({ status }) => status === 'QUEUED' || status === 'RUNNING').map(({ id }) => id));
  for (const id of ids) if (!open.has(id)) await rm(join(directory, id), { recursive: true, force: true });
}
