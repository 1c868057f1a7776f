/** Pictures that are stored once, whoever sends them how often: a row with a file, found by its pixels or inserted. */
import { eq } from 'drizzle-orm';
import { scheduleRemoval } from '../artifacts/pendingFiles.js';
import type { NewArtifact } from '../artifacts/writeArtifacts.js';
import { insertArtifacts } from '../artifacts/writeArtifacts.js';
import { artifacts } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

interface FindOrInsert<T> {
  find(): Promise<T | undefined>;
  /** Undefined when another transaction has inserted the same pixels in the meantime. */
  insert(artifactKey: string, createdAt: Date): Promise<T | undefined>;
}

/** Within a transaction. Without a file the row must be there. */
export async function findOrInsert<T>(
  scope: TenantScope,
  file: NewArtifact | undefined,
  { find, insert }: FindOrInsert<T>,
): Promise<T> {
  const known = await find();
  if (known !== undefined) return known;
  if (file === undefined) throw new Error('a picture was there a moment ago and is gone');
  await insertArtifacts(scope, [file]);
  const inserted = await insert(file.key, file.createdAt);
  if (inserted !== undefined) return inserted;
  await scope.database.delete(artifacts).where(scope.rows(artifacts, eq(artifacts.key, file.key)));
  await scheduleRemoval(scope, [file.key]);
  const other = await find();
  if (other === undefined) throw new Error('a picture conflicts with one that is not there');
  return other;
}
